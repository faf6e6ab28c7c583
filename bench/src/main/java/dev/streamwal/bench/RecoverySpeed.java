package dev.streamwal.bench;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How fast is recovery? A scan of 1 GB is compared with reading the same file; opening a log whose journal has to be redone with reading the journal;
 * and a log of 1 GiB in 10,000 streams is opened after a killed process and after a restart of the machine. What is compared is measured in turn.
 * Writes {@code <results>/<date>-<machine>-recovery.md}; {@code bench/run recovery} calls it.
 *
 * <pre>
 *   bench/run recovery [--rounds n] [--quick] [--out folder]
 * </pre>
 */
public final class RecoverySpeed {

    private static final int ROUNDS = 5;
    private static final int QUICK_DIVISOR = 100;
    private static final int MANY_STREAMS = 10_000;
    private static final int FEW_STREAMS = 100;
    private static final long LARGE_BYTES = 1L << 30;
    /** Less than the journal's limit, so that all of it is still in the journal. */
    private static final long REDO_BYTES = 200L << 20;

    /** Seconds by task, round by round. */
    private final Map<String, List<Double>> seconds = new LinkedHashMap<>();
    private final Map<String, Long> bytes = new LinkedHashMap<>();
    private final RunOptions options;

    private RecoverySpeed(RunOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        RecoverySpeed run = new RecoverySpeed(RunOptions.of(args, ROUNDS));
        Files.createDirectories(BenchFolder.root());
        BenchFolder.deleteLeftovers();
        try {
            run.scan();
            run.open("200 MiB", FEW_STREAMS, REDO_BYTES);
            run.open("1 GiB", MANY_STREAMS, LARGE_BYTES);
        } finally {
            BenchFolder.deleteLeftovers();
        }
        run.write();
    }

    private void scan() throws IOException {
        Path root = RecordedLog.of(1, RecordedLog.RECORDS_IN_1_GB / (options.quick() ? QUICK_DIVISOR : 1));
        PlainLoop plain = new PlainLoop(root, ".seg");
        try (WalReader reader = WalReader.open(root)) {
            for (int round = 0; round <= options.rounds(); round++) {
                measure(round, "scan, records and their checksums", plain.bytes(), () -> scan(reader));
                measure(round, "… a plain loop that reads the files", plain.bytes(), plain::read);
                measure(round, "… a plain loop that checksums them too", plain.bytes(), plain::readAndChecksum);
            }
        }
    }

    private static void scan(WalReader reader) {
        try (EntryCursor cursor = reader.scan(RecordedLog.KEY)) {
            long records = 0;
            while (cursor.next()) {
                records++;
            }
            if (records == 0) {
                throw new IllegalStateException("nothing to scan");
            }
        }
    }

    private void open(String size, int streams, long appended) throws IOException, InterruptedException {
        int divisor = options.quick() ? QUICK_DIVISOR : 1;
        Path root = BenchFolder.fresh("recovery");
        CrashedLog log = CrashedLog.write(root, streams / divisor, appended / divisor);
        BenchFolder.settle();
        for (int round = 1; round <= options.rounds(); round++) {
            for (CrashedLog.After after : CrashedLog.After.values()) {
                PlainLoop journal = new PlainLoop(root.resolve("commit"), ".journal");
                String name = String.format(Locale.ROOT, "%s in %,d streams, opened after a %s", size, streams,
                        after == CrashedLog.After.KILL ? "kill" : "restart of the machine");
                measure(round, name + ": a plain loop that checksums the journal", journal.bytes(), journal::readAndChecksum);
                CrashedLog.Opened opened = log.open(after);
                add(name, journal.bytes(), opened.open());
                add(name + ": every stream's first append", new PlainLoop(root, ".seg").bytes(), opened.touch());
            }
        }
        BenchFolder.delete(root);
    }

    /** Round 0 warms up. */
    private void measure(int round, String name, long size, Runnable what) {
        long start = System.nanoTime();
        what.run();
        if (round > 0) {
            add(name, size, System.nanoTime() - start);
        }
    }

    private void add(String name, long size, long nanos) {
        seconds.computeIfAbsent(name, any -> new ArrayList<>()).add(nanos / 1e9);
        bytes.put(name, size);
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        List<String> lines = machine.heading(", recovery", options.quick());
        lines.addAll(List.of("Medians of " + options.rounds() + " rounds, in which what is compared takes turns. Files are in the page"
                + " cache. What opens a log is a JVM that has just started; what it opened, it leaves as a killed process does. The size is"
                + " of the files read: segments, or the journal, as long as they are.", "",
                "| | MiB | s | lowest | highest | MB/s |", "|---|--:|--:|--:|--:|--:|"));
        seconds.forEach((name, times) -> lines.add(row(name, times)));
        options.write(machine, "recovery", lines);
    }

    private String row(String name, List<Double> times) {
        double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        double median = DurabilityTable.median(sorted);
        long size = bytes.getOrDefault(name, 0L);
        return String.format(Locale.ROOT, "| %s | %,d | %.3f | %.3f | %.3f | %,.0f |", name, size >> 20, median, sorted[0],
                sorted[sorted.length - 1], size / median / 1e6);
    }
}
