package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What encryption costs: processor time of the calling thread, a record, of appending, scanning, reading 512 adjacent refs and packing, plain and
 * encrypted in turn. Contents are text, as of sensors. Writes {@code <results>/<date>-<machine>-encryption.md}; {@code bench/run encryption} calls it.
 *
 * <pre>
 *   bench/run encryption [--rounds n] [--quick] [--out folder]
 * </pre>
 */
public final class EncryptionCost {

    private static final int[] SIZES = {32, 128, 1_024};
    private static final int ROUNDS = 7;
    private static final int WARMUP_ROUNDS = 2;
    private static final int BYTES = 64 << 20;
    private static final int MAX_RECORDS = 400_000;
    private static final int STREAMS = 16;
    private static final int BATCH = 512;
    private static final List<String> WORKS = List.of("append", "scan", "512 adjacent refs", "pack", "scan of packs");
    private static final MasterKeys KEYS = MasterKeys.ring("bench", Map.of("bench", new byte[32]));
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final RunOptions options;
    private final List<String> rows = new ArrayList<>();

    private EncryptionCost(RunOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws IOException {
        EncryptionCost run = new EncryptionCost(RunOptions.of(args, ROUNDS));
        run.measure();
        run.write();
    }

    private void measure() throws IOException {
        for (int size : SIZES) {
            int rounds = options.quick() ? 1 : options.rounds();
            double[][][] nanos = new double[WORKS.size()][2][rounds];
            for (int round = options.quick() ? 0 : -WARMUP_ROUNDS; round < rounds; round++) {
                for (int turn = 0; turn < 2; turn++) {
                    int encrypted = (turn + Math.abs(round)) % 2;
                    double[] measured = measure(size, encrypted == 1);
                    for (int work = 0; work < measured.length && round >= 0; work++) {
                        nanos[work][encrypted][round] = measured[work];
                    }
                }
            }
            for (int work = 0; work < nanos.length; work++) {
                row(WORKS.get(work), size, median(nanos[work][0]), median(nanos[work][1]));
            }
        }
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private void row(String work, int size, double plain, double encrypted) {
        String row = String.format(Locale.ROOT, "| %s | %,d | %,.0f | %,.0f | %,.0f |", work, size, plain, encrypted, encrypted - plain);
        rows.add(row);
        System.out.println(row);
    }

    private interface Step {
        void run();
    }

    private static double nanosOf(int records, Step step) {
        long before = THREADS.getCurrentThreadCpuTime();
        step.run();
        return (THREADS.getCurrentThreadCpuTime() - before) / (double) records;
    }

    /** @return nanoseconds a record, by work */
    private double[] measure(int size, boolean isEncrypted) throws IOException {
        Path folder = BenchFolder.fresh("encryption");
        int records = Math.min(options.quick() ? 10_000 : MAX_RECORDS, BYTES / size) / STREAMS * STREAMS;
        Instant[] now = {START};
        WalOptions.Builder builder = WalOptions.builder().clock(() -> now[0]).window(Duration.ofHours(1)).retention(Duration.ofDays(2))
                .sweepInterval(Duration.ZERO).ownSegments(0).maxClockAdvance(Duration.ofDays(10));
        double[] nanos = new double[WORKS.size()];
        try (StreamWal wal = StreamWal.open(folder, isEncrypted ? builder.encryption(KEYS).build() : builder.build())) {
            byte[][] contents = contents(size);
            List<EntryRef> ofOneStream = new ArrayList<>();
            nanos[0] = nanosOf(records, () -> {
                for (int i = 0; i < records; i++) {
                    EntryRef ref = wal.stream("stream-" + i % STREAMS).append(START.toEpochMilli() + i, contents[i % contents.length]);
                    if (i % STREAMS == 0) {
                        ofOneStream.add(ref);
                    }
                }
            });
            nanos[1] = scan(folder, records);
            nanos[2] = batches(folder, ofOneStream);
            now[0] = START.plus(Duration.ofHours(3));
            nanos[3] = nanosOf(records, () -> {
                int unused = wal.pack();
            });
        }
        nanos[4] = scan(folder, records);
        BenchFolder.delete(folder);
        return nanos;
    }

    private static byte[][] contents(int size) {
        SplittableRandom random = new SplittableRandom(1);
        byte[][] contents = new byte[1_024][size];
        for (byte[] content : contents) {
            for (int i = 0; i < size; i++) {
                content[i] = (byte) (i % 8 == 0 ? ',' : '0' + random.nextInt(10));
            }
        }
        return contents;
    }

    private static WalReader reader(Path folder) {
        return WalReader.open(folder, ReaderOptions.builder().keys(KEYS).build());
    }

    private static double scan(Path folder, int records) {
        try (WalReader reader = reader(folder)) {
            return nanosOf(records, () -> {
                long bytes = 0;
                for (int stream = 0; stream < STREAMS; stream++) {
                    try (EntryCursor cursor = reader.scan("stream-" + stream)) {
                        while (cursor.next()) {
                            bytes += cursor.content().getByte(0);
                        }
                    }
                }
                if (bytes == 0) {
                    throw new IllegalStateException("nothing was read");
                }
            });
        }
    }

    private static double batches(Path folder, List<EntryRef> refs) {
        int batches = refs.size() / BATCH;
        try (WalReader reader = reader(folder)) {
            return nanosOf(Math.max(1, batches) * BATCH, () -> {
                for (int i = 0; i < batches; i++) {
                    try (EntryBatch batch = reader.readBatch(refs.subList(i * BATCH, (i + 1) * BATCH))) {
                        for (int j = 0; j < BATCH; j++) {
                            if (!batch.get(j).content().isReadable()) {
                                throw new IllegalStateException("empty: " + refs.get(i * BATCH + j));
                            }
                        }
                    }
                }
            });
        }
    }

    private void write() throws IOException {
        List<String> lines = Machine.describe(BenchFolder.root()).heading(", encryption", options.quick());
        lines.add(String.format(Locale.ROOT, """
                Nanoseconds of the calling thread's processor time a record, plain and encrypted, in turn; medians of %d rounds. %d streams, %,d records or 64 MiB a round, contents of digits and commas in random order.""",
                options.rounds(), STREAMS, MAX_RECORDS));
        lines.addAll(List.of("", "| work | bytes | plain | encrypted | more |", "|---|--:|--:|--:|--:|"));
        lines.addAll(rows);
        options.write(Machine.describe(BenchFolder.root()), "encryption", lines);
    }
}
