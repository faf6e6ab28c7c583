package dev.streamwal.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.metrics.StreamWalMetrics;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;

/**
 * What it costs to watch a log: time a record with all meters read every second and all events recorded, and with neither, in turn, each in a process of its
 * own. Writes {@code <results>/<date>-<machine>-metrics.md}; {@code bench/run metrics} calls it.
 *
 * <pre>
 *   bench/run metrics [--rounds n] [--quick] [--out folder]
 * </pre>
 */
public final class MetricsCost {

    private static final int[] STREAMS = {1, 1_000};
    private static final int ROUNDS = 9;
    private static final int CONTENT_BYTES = 128;
    private static final int RECORDS = 1_000_000;
    /** What a process does before it is measured, and then again while it is. */
    private static final int WARMUP_PASSES = 2;
    private static final int PASSES = 4;
    private static final String WATCHED = "watched";

    private record Cost(double nanos, double processorNanos) {}

    private final RunOptions options;
    private final int records;
    private final List<String> rows = new ArrayList<>();

    private MetricsCost(RunOptions options) {
        this.options = options;
        this.records = options.quick() ? RECORDS / 100 : RECORDS;
    }

    /** @param args the options; or of a process that measures: whether the log is watched, how many streams and records */
    public static void main(String[] args) throws Exception {
        if (args.length == 3 && !args[0].startsWith("--")) {
            Cost cost = measure(args[0].equals(WATCHED), Integer.parseInt(args[1]), Integer.parseInt(args[2]));
            System.out.printf(Locale.ROOT, "%.3f %.3f%n", cost.nanos(), cost.processorNanos());
            return;
        }
        MetricsCost run = new MetricsCost(RunOptions.of(args, ROUNDS));
        run.compare();
        run.write();
    }

    private void compare() throws IOException, InterruptedException {
        for (int streams : STREAMS) {
            List<List<Cost>> costs = List.of(new ArrayList<>(), new ArrayList<>());
            for (int round = 0; round < options.rounds(); round++) {
                for (int turn = 0; turn < 2; turn++) {
                    int watched = (turn + round) % 2;
                    costs.get(watched).add(inItsOwnProcess(watched == 1, streams));
                }
            }
            row("time", streams, costs.stream().map(each -> each.stream().mapToDouble(Cost::nanos).sorted().toArray()).toList());
            row("processor time, all threads", streams, costs.stream().map(each -> each.stream().mapToDouble(Cost::processorNanos).sorted().toArray()).toList());
        }
    }

    private Cost inItsOwnProcess(boolean isWatched, int streams) throws IOException, InterruptedException {
        Process process = ChildJvm.of(MetricsCost.class, List.of(), isWatched ? WATCHED : "alone", Integer.toString(streams), Integer.toString(records)).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("process failed, and said: " + said);
        }
        String[] numbers = said.strip().split(" ");
        return new Cost(Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]));
    }

    private void row(String what, int streams, List<double[]> sorted) {
        double alone = median(sorted.get(0));
        double watched = median(sorted.get(1));
        String row = String.format(Locale.ROOT, "| %,d | %s | %.1f (%s) | %.1f (%s) | %+.1f %% |", streams, what, alone, spread(sorted.get(0)), watched,
                spread(sorted.get(1)), 100 * (watched - alone) / alone);
        rows.add(row);
        System.out.println(row);
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static String spread(double[] sorted) {
        return String.format(Locale.ROOT, "%.1f–%.1f", sorted[0], sorted[sorted.length - 1]);
    }

    private static Cost measure(boolean isWatched, int streams, int records) {
        Path folder = BenchFolder.fresh("metrics");
        WalOptions walOptions = WalOptions.builder().window(Duration.ofSeconds(1)).retention(Duration.ofSeconds(10)).sweepInterval(Duration.ofSeconds(1)).build();
        try (StreamWal wal = StreamWal.open(folder, walOptions)) {
            if (!isWatched) {
                return append(wal, streams, records);
            }
            try (Recording recording = new Recording(); StreamWalMetrics metrics = new StreamWalMetrics(wal, "bench")) {
                recording.start();
                MeterRegistry registry = new SimpleMeterRegistry();
                metrics.bindTo(registry);
                ScheduledExecutorService scraper = new ScheduledThreadPoolExecutor(1);
                try {
                    var unused = scraper.scheduleAtFixedRate(() -> read(registry), 0, 1, TimeUnit.SECONDS);
                    return append(wal, streams, records);
                } finally {
                    scraper.shutdownNow();
                }
            }
        } finally {
            BenchFolder.delete(folder);
        }
    }

    private static void read(MeterRegistry registry) {
        double sum = 0;
        for (Meter meter : registry.getMeters()) {
            for (Measurement each : meter.measure()) {
                sum += each.getValue();
            }
        }
        if (sum == 0) {
            throw new IllegalStateException("no meter says anything");
        }
    }

    private static Cost append(StreamWal wal, int streams, int records) {
        for (int pass = 0; pass < WARMUP_PASSES; pass++) {
            appendOnce(wal, streams, records);
        }
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long processor = system.getProcessCpuTime();
        long began = System.nanoTime();
        for (int pass = 0; pass < PASSES; pass++) {
            appendOnce(wal, streams, records);
        }
        double all = (double) PASSES * records;
        return new Cost((System.nanoTime() - began) / all, (system.getProcessCpuTime() - processor) / all);
    }

    private static void appendOnce(StreamWal wal, int streams, int records) {
        byte[] content = new byte[CONTENT_BYTES];
        Arrays.fill(content, (byte) '7');
        String[] keys = new String[streams];
        Arrays.setAll(keys, i -> "host-" + i);
        for (int i = 0; i < records; i++) {
            wal.stream(keys[i % streams]).append(content);
        }
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        List<String> lines = machine.heading(", metrics and events", options.quick());
        lines.add(String.format(Locale.ROOT, """
                Nanoseconds a record of %d B, one thread, windows of a second, with packing and sweeping. Alone: nobody reads a meter, nothing is recorded. Watched: all meters of `StreamWalMetrics` are read every second, and all events of the library are recorded. %d processes each, in turn; medians, and in parentheses the least and the most.""",
                CONTENT_BYTES, options.rounds()));
        lines.addAll(List.of("", "| streams | | alone | watched | more |", "|--:|---|--:|--:|--:|"));
        lines.addAll(rows);
        options.write(machine, "metrics", lines);
    }
}
