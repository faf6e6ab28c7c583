package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Keys that come and go, as containers do: each day of a month, by a driven clock, has keys of its own, which get a hundred records each, and never come
 * back. How much of the log are tables and the catalogue of keys, does the heap stay as it is, and are appends slower than to keys that stay? Writes
 * {@code <results>/<date>-<machine>-churn.md}; {@code bench/run churn} calls it. Takes a quarter of an hour.
 *
 * <pre>
 *   bench/run churn [--quick] [--out folder]
 * </pre>
 */
public final class Churn {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final int DAYS = 30;
    private static final int QUICK_DAYS = 3;
    /** A fiftieth of the goal's, in days that last for seconds: so thousands come in a second, where a million a day are twelve. */
    private static final int KEYS_A_DAY = 20_000;
    /** Of the rest of each day, for what the log does behind the appends. */
    private static final int REST_SECONDS = 3;
    private static final int QUICK_KEYS = 500;
    private static final int RECORDS_A_KEY = 100;
    private static final int CONTENT_BYTES = 128;
    private static final Duration RETENTION = Duration.ofDays(30);
    private static final int FOOTER_BYTES = 96;
    private static final long STEP_MILLIS = Duration.ofDays(1).toMillis() / RECORDS_A_KEY;
    private static final long MAX_WAIT_SECONDS = 120;
    private static final long UNPACKED_BYTES = 128L << 20;

    private final RunOptions options;
    private final int days;
    private final int keys;
    private final AtomicLong nowMillis = new AtomicLong(BEGIN.toEpochMilli());
    private final long[] nanos;
    /** Of each key's first append of the day; in the other ones, too. */
    private final long[] firstNanos;

    private Churn(RunOptions options) {
        this.options = options;
        this.days = options.quick() ? QUICK_DAYS : DAYS;
        this.keys = options.quick() ? QUICK_KEYS : KEYS_A_DAY;
        this.nanos = new long[keys * RECORDS_A_KEY];
        this.firstNanos = new long[keys];
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Churn churn = new Churn(RunOptions.of(args, 1));
        BenchFolder.deleteLeftovers();
        try {
            churn.run();
        } finally {
            BenchFolder.deleteLeftovers();
        }
    }

    private void run() throws IOException, InterruptedException {
        Path root = BenchFolder.fresh("churn");
        Machine machine = Machine.describe(Files.createDirectories(root));
        List<String> lines = new ArrayList<>(machine.heading(", keys that come and go", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                %,d keys a day with %d records of %d bytes each, for %d days by a driven clock, as fast as one thread appends, then %d s of rest; kept for %d days, options by default; packed, merged and swept each second \
                meanwhile, with a heap of %,d MB. "New" has other keys each day, "the same" has those of the first day again. Heap: in use behind a collection at the day's end.""", keys, RECORDS_A_KEY,
                CONTENT_BYTES, days, REST_SECONDS, RETENTION.toDays(), Runtime.getRuntime().maxMemory() >> 20));
        for (boolean isNew : new boolean[] {false, true}) {
            lines.addAll(List.of("", isNew ? "**New keys each day**" : "**The same keys each day**", "",
                    "| day | records/s | append 50 % | 99 % | 99.9 % | a key's first of the day 50 % | 99 % | heap, MB | in memory, streams | log, MB | tables and keys, MB | files |",
                    "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"));
            lines.addAll(month(root, isNew));
        }
        options.write(machine, "churn", lines);
    }

    private List<String> month(Path root, boolean isNew) throws IOException, InterruptedException {
        BenchFolder.delete(root);
        nowMillis.set(BEGIN.toEpochMilli());
        List<String> rows = new ArrayList<>();
        WalOptions settings = WalOptions.builder().retention(RETENTION).sweepInterval(Duration.ofSeconds(1))
                .clock(() -> Instant.ofEpochMilli(nowMillis.get())).build();
        try (StreamWal wal = StreamWal.open(root, settings)) {
            for (int day = 0; day < days; day++) {
                long start = System.nanoTime();
                day(wal, isNew ? day : 0);
                double seconds = (System.nanoTime() - start) / 1e9;
                TimeUnit.SECONDS.sleep(options.quick() ? 0 : REST_SECONDS);
                if (day < 5 || day % 5 == 4) {
                    rows.add(row(root, wal, day + 1, seconds));
                    System.out.println(rows.get(rows.size() - 1));
                }
            }
            long end = System.nanoTime();
            while (wal.stats().sharedBytes() > UNPACKED_BYTES && System.nanoTime() - end < TimeUnit.SECONDS.toNanos(MAX_WAIT_SECONDS)) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
            rows.add(String.format(Locale.ROOT, "%nWritten for each byte appended: %.1f. ", wal.stats().writeAmplification()) + reading(root));
        }
        return rows;
    }

    private void day(StreamWal wal, int names) {
        byte[] content = new byte[CONTENT_BYTES];
        int done = 0;
        for (int record = 0; record < RECORDS_A_KEY; record++) {
            nowMillis.addAndGet(STEP_MILLIS);
            for (int key = 0; key < keys; key++) {
                ByteBuffer.wrap(content).putLong(0, (long) record * key);
                long start = System.nanoTime();
                WalStream stream = wal.stream("pod-" + names + "-" + key + "/cpu/user");
                stream.append(content);
                nanos[done++] = System.nanoTime() - start;
            }
        }
    }

    private String row(Path root, StreamWal wal, int day, double seconds) throws IOException {
        System.arraycopy(nanos, 0, firstNanos, 0, keys);
        Arrays.sort(nanos);
        Arrays.sort(firstNanos);
        System.gc();
        long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory() - 8L * nanos.length;
        return String.format(Locale.ROOT, "| %d | %,.0f | %.1f µs | %.1f µs | %.1f µs | %.1f µs | %.1f µs | %,d | %,d | %,d | %,d | %,d |", day, nanos.length / seconds, at(0.5, nanos), at(0.99, nanos), at(0.999, nanos),
                at(0.5, firstNanos), at(0.99, firstNanos),
                heap >> 20, wal.stats().streams(), wal.stats().bytes() >> 20, tables(root) >> 20, BenchFolder.files(root));
    }

    private static double at(double part, long[] sorted) {
        return sorted[(int) (part * sorted.length)] / 1e3;
    }

    private static String reading(Path root) {
        long start = System.nanoTime();
        try (WalReader reader = WalReader.open(root)) {
            double opened = (System.nanoTime() - start) / 1e6;
            start = System.nanoTime();
            int found = reader.keys().size();
            return String.format(Locale.ROOT, "A reader opens in %.0f ms, and lists %,d keys in %,.0f ms.", opened, found, (System.nanoTime() - start) / 1e6);
        }
    }

    /** Bytes of the catalogue of keys, and of the packs' tables, which end each pack: its footer says where they begin. */
    private static long tables(Path root) throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                sum += name.equals("keys") ? Files.size(file) : name.endsWith(".pack") ? table(file) : 0;
            }
        } catch (UncheckedIOException e) {
            // some were deleted while they were counted
            return -1;
        }
        return sum;
    }

    private static long table(Path pack) {
        try (FileChannel channel = FileChannel.open(pack, StandardOpenOption.READ)) {
            ByteBuffer footer = ByteBuffer.allocate(FOOTER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            int read = channel.read(footer, channel.size() - FOOTER_BYTES);
            return read < FOOTER_BYTES ? 0 : channel.size() - footer.getLong(0);
        } catch (IOException e) {
            // merged since
            return 0;
        }
    }
}
