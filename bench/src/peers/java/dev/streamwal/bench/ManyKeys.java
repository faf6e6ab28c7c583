package dev.streamwal.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * Many keys, appended to as fast as one thread can, in turn or in random order, while what they append is packed and merged: how many records a second
 * are taken at first, and how many when the log holds appends back; what is written for each byte; how soon nothing waits to be packed after
 * the end; what a stream takes of the heap; how long the log takes to be opened, and to list its keys. Writes {@code
 * <results>/<date>-<machine>-many.md}; {@code bench/run many} calls it. Beside it RocksDB, which takes what one thread puts. Takes eight minutes.
 *
 * <pre>
 *   bench/run many [--quick] [--out folder]
 * </pre>
 */
public final class ManyKeys {

    private static final int CONTENT_BYTES = 128;
    private static final int SECONDS = 60;
    private static final int SLICE_SECONDS = 10;
    private static final int QUICK_SECONDS = 4;
    private static final int QUICK_KEYS = 5_000;
    private static final int WARM_UP_KEYS = 50_000;
    private static final int BETWEEN_LOOKS = 4_096;
    private static final long MAX_WAIT_SECONDS = 120;
    private static final double ZIPF_EXPONENT = 1.0;
    private static final long ROCKS_BUFFER_BYTES = 128L << 20;

    private final RunOptions options;
    private final int seconds;

    private ManyKeys(RunOptions options) {
        this.options = options;
        this.seconds = options.quick() ? QUICK_SECONDS : SECONDS;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        ManyKeys many = new ManyKeys(RunOptions.of(args, 1));
        BenchFolder.deleteLeftovers();
        try {
            many.run();
        } finally {
            BenchFolder.deleteLeftovers();
        }
    }

    private void run() throws IOException, InterruptedException {
        int keys = options.quick() ? QUICK_KEYS : 100_000;
        Path root = BenchFolder.fresh("many");
        Machine machine = Machine.describe(Files.createDirectories(root));
        List<String> lines = new ArrayList<>(machine.heading(", many keys", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                One thread appends records of %d bytes for %d s to streams of keys of some 25 characters, with a heap of %,d MB; options by default, so that \
                all but 64 streams share. It is packed and merged meanwhile. "At first" is the first slice of %d s, "sustained" the last one. First appends are counted when code is compiled, behind %,d in another log.""", CONTENT_BYTES,
                seconds, Runtime.getRuntime().maxMemory() >> 20, SLICE_SECONDS, options.quick() ? QUICK_KEYS : WARM_UP_KEYS));
        warmUp(options.quick() ? QUICK_KEYS : WARM_UP_KEYS);
        List<String> rows = new ArrayList<>();
        rows.add("| | keys | first appends /s | heap a stream, bytes | at first, M/s | sustained, M/s | cores | write amplification | records a part"
                + " | packed after the end, s | files | open, ms | keys(), ms |");
        rows.add("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        rows.add(row("uniform", keys, uniform(keys)));
        rows.add(row("Zipf", keys, zipf(keys)));
        if (!options.quick()) {
            rows.add(row("uniform", 1_000_000, uniform(1_000_000)));
        }
        lines.add("");
        lines.addAll(rows);
        lines.addAll(List.of("", "RocksDB in the same run: 128 MiB of write buffer, else its options by default, with its log, which it doesn't flush; a record's key is the stream's, and a number.", "",
                "| | keys | at first, M/s | sustained, M/s | cores |", "|---|--:|--:|--:|--:|", rocks(keys)));
        options.write(machine, "many", lines);
    }

    /** Which stream comes next. */
    private interface Order {
        int next(SplittableRandom random);
    }

    private static Order uniform(int keys) {
        return random -> random.nextInt(keys);
    }

    private static Order zipf(int keys) {
        double[] sums = new double[keys];
        double sum = 0;
        for (int i = 0; i < keys; i++) {
            sum += 1 / Math.pow(i + 1, ZIPF_EXPONENT);
            sums[i] = sum;
        }
        double all = sum;
        return random -> {
            int found = Arrays.binarySearch(sums, random.nextDouble() * all);
            return Math.min(keys - 1, found >= 0 ? found : -found - 1);
        };
    }

    private String row(String name, int keys, Order order) throws IOException, InterruptedException {
        Path root = BenchFolder.fresh("many");
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "| %s | %,d", name, keys));
        byte[] content = new byte[CONTENT_BYTES];
        new SplittableRandom(1).nextBytes(content);
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().retention(Duration.ofDays(7)).build())) {
            long heapBefore = usedHeap();
            long start = System.nanoTime();
            WalStream[] streams = new WalStream[keys];
            for (int i = 0; i < keys; i++) {
                streams[i] = wal.stream(key(i));
                streams[i].append(content);
            }
            double firstSeconds = secondsSince(start);
            row.append(String.format(Locale.ROOT, " | %,.0f | %,d", keys / firstSeconds, (usedHeap() - heapBefore) / keys));
            append(streams, order, content, row);
            long end = System.nanoTime();
            while (wal.stats().sharedBytes() > 128L << 20 && secondsSince(end) < MAX_WAIT_SECONDS) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
            WalStats stats = wal.stats();
            row.append(String.format(Locale.ROOT, " | %.1f | %.0f | %.1f | %,d", stats.writeAmplification(), recordsAPart(stats), secondsSince(end), BenchFolder.files(root)));
        }
        long start = System.nanoTime();
        try (WalReader reader = WalReader.open(root)) {
            double opened = secondsSince(start);
            start = System.nanoTime();
            int found = reader.keys().size();
            row.append(String.format(Locale.ROOT, " | %,.0f | %,.0f |", opened * 1e3, secondsSince(start) * 1e3));
            if (found != keys) {
                throw new IllegalStateException("every key is listed: found=" + found + ", keys=" + keys);
            }
        }
        BenchFolder.deleteLeftovers();
        System.out.println(row);
        return row.toString();
    }

    /** Of what is in packs, by bytes. */
    private static double recordsAPart(WalStats stats) {
        double packed = (double) stats.packedBytes() / (stats.packedBytes() + stats.sharedBytes());
        return stats.appends() * packed / Math.max(1, stats.packedSegments());
    }

    /** Has the code of first appends compiled. */
    private static void warmUp(int keys) throws IOException {
        Path root = BenchFolder.fresh("many-warm-up");
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().retention(Duration.ofDays(7)).build())) {
            for (int i = 0; i < keys; i++) {
                EntryRef unused = wal.stream("warm-up/" + i).append(new byte[CONTENT_BYTES]);
            }
        }
        BenchFolder.deleteLeftovers();
    }

    private String rocks(int keys) throws IOException {
        Path root = BenchFolder.fresh("many-rocks");
        byte[] content = new byte[CONTENT_BYTES];
        new SplittableRandom(1).nextBytes(content);
        byte[][] names = new byte[keys][];
        for (int i = 0; i < keys; i++) {
            names[i] = key(i).getBytes(StandardCharsets.UTF_8);
        }
        RocksDB.loadLibrary();
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "| uniform | %,d", keys));
        SplittableRandom random = new SplittableRandom(7);
        long[] numbers = new long[keys];
        try (Options rocks = new Options().setCreateIfMissing(true).setWriteBufferSize(ROCKS_BUFFER_BYTES); RocksDB db = RocksDB.open(rocks, root.toString())) {
            append(() -> {
                int next = random.nextInt(keys);
                byte[] name = names[next];
                byte[] key = Arrays.copyOf(name, name.length + 1 + Long.BYTES);
                ByteBuffer.wrap(key).putLong(name.length + 1, numbers[next]++);
                try {
                    db.put(key, content);
                } catch (RocksDBException e) {
                    throw new IllegalStateException(e);
                }
            }, row);
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
        BenchFolder.deleteLeftovers();
        System.out.println(row);
        return row.append(" |").toString();
    }

    private static String key(int stream) {
        return "site-" + stream % 100 + "/host-" + stream + "/cpu/user";
    }

    private void append(WalStream[] streams, Order order, byte[] content, StringBuilder row) {
        SplittableRandom random = new SplittableRandom(7);
        append(() -> {
            EntryRef unused = streams[order.next(random)].append(content);
        }, row);
    }

    private void append(Runnable one, StringBuilder row) {
        int slice = Math.min(SLICE_SECONDS, seconds / 2);
        long cpuBefore = cpu();
        List<Double> rates = new ArrayList<>();
        for (int done = 0; done < seconds; done += slice) {
            long start = System.nanoTime();
            long records = 0;
            while (secondsSince(start) < slice) {
                for (int i = 0; i < BETWEEN_LOOKS; i++) {
                    one.run();
                }
                records += BETWEEN_LOOKS;
            }
            rates.add(records / secondsSince(start));
        }
        row.append(String.format(Locale.ROOT, " | %.2f | %.2f | %.2f", rates.get(0) / 1e6, rates.get(rates.size() - 1) / 1e6,
                (cpu() - cpuBefore) / 1e9 / seconds));
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
