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
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;

/**
 * What it costs to watch a log: a record with all meters read every second, with all events recorded, with both, and with neither, in turn in one process,
 * so that what else the machine does, and what the compiler has made of the code, is the same for all; and what one event costs. Writes {@code
 * <results>/<date>-<machine>-metrics.md}; {@code bench/run metrics} calls it.
 *
 * <pre>
 *   bench/run metrics [--rounds n] [--quick] [--out folder]
 * </pre>
 */
public final class MetricsCost {

    private static final int[] STREAMS = {1, 1_000};
    /** Processes, each with so many turns of all ways to watch. */
    private static final int ROUNDS = 3;
    private static final int TURNS = 8;
    private static final int CONTENT_BYTES = 128;
    /** Longer than the retention, so that as much is deleted as is appended. */
    private static final Duration WARMUP = Duration.ofSeconds(15);
    /** Before each measurement: what was begun before has an end, and what is new is compiled. */
    private static final Duration SETTLE = Duration.ofSeconds(1);
    private static final Duration MEASURED = Duration.ofSeconds(2);
    /** A look at the clock for so many records. */
    private static final int STRIDE = 1_000;
    private static final String ONE_EVENT = "event";
    private static final String METERS_THREAD = "meters";
    /** As the kernel names them, in 15 characters. */
    private static final String COMPILERS = "C[12] Compiler.*";
    private static final String WATCHERS = "JFR .*|" + METERS_THREAD;

    private enum Watch {
        ALONE(false, false),
        METERS(true, false),
        EVENTS(false, true),
        BOTH(true, true);

        final boolean hasMeters;
        final boolean hasEvents;

        Watch(boolean hasMeters, boolean hasEvents) {
            this.hasMeters = hasMeters;
            this.hasEvents = hasEvents;
        }
    }

    /**
     * Nanoseconds a record.
     *
     * @param appending processor time of the thread that appends
     * @param working processor time of all threads but the compilers'
     * @param watching processor time of the thread that reads meters, and of the recorder's
     * @param compiling processor time of the compilers
     * @param events how many were recorded in a second
     */
    private record Cost(double time, double appending, double working, double watching, double compiling, double events) {

        static Cost parse(String numbers) {
            double[] each = Arrays.stream(numbers.split(" ")).mapToDouble(Double::parseDouble).toArray();
            return new Cost(each[0], each[1], each[2], each[3], each[4], each[5]);
        }

        Cost with(double eventsASecond) {
            return new Cost(time, appending, working, watching, compiling, eventsASecond);
        }

        String format() {
            return String.format(Locale.ROOT, "%.3f %.3f %.3f %.3f %.3f %.1f", time, appending, working, watching, compiling, events);
        }
    }

    private record Measured(Watch watch, Cost cost, Optional<Path> recording) {}

    private final RunOptions options;
    private final int turns;
    private final List<String> rows = new ArrayList<>();
    private final List<String> eventRows = new ArrayList<>();

    private MetricsCost(RunOptions options) {
        this.options = options;
        this.turns = options.quick() ? 1 : TURNS;
    }

    /** @param args the options; or of a process that measures: how many streams and turns; or that it is one event */
    public static void main(String[] args) throws Exception {
        if (args.length == 1 && args[0].equals(ONE_EVENT)) {
            EventCost.print();
            return;
        }
        if (args.length == 2 && !args[0].startsWith("--")) {
            measure(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
            return;
        }
        MetricsCost run = new MetricsCost(RunOptions.of(args, ROUNDS));
        run.eventRows.addAll(said(ONE_EVENT).lines().toList());
        for (int streams : STREAMS) {
            run.compare(streams);
        }
        run.write();
    }

    private void compare(int streams) throws IOException, InterruptedException {
        Map<Watch, List<Cost>> costs = new EnumMap<>(Watch.class);
        for (int round = 0; round < options.rounds(); round++) {
            for (String line : said(Integer.toString(streams), Integer.toString(turns)).lines().toList()) {
                String[] words = line.split(" ", 2);
                costs.computeIfAbsent(Watch.valueOf(words[0]), each -> new ArrayList<>()).add(Cost.parse(words[1]));
            }
        }
        row("time", streams, costs, Cost::time);
        row("processor time of the thread that appends", streams, costs, Cost::appending);
        row("processor time of all threads but the compilers'", streams, costs, Cost::working);
        row("processor time of the threads that watch", streams, costs, Cost::watching);
        row("processor time of the compilers", streams, costs, Cost::compiling);
        row("events a second", streams, costs, Cost::events);
    }

    /** The same folder as here; and a compiler's thread that ends would take its time with it. */
    private static List<String> flags() {
        return List.of(BenchFolder.jvmOption(), "-XX:-UseDynamicNumberOfCompilerThreads");
    }

    private static String said(String... arguments) throws IOException, InterruptedException {
        Process process = ChildJvm.of(MetricsCost.class, flags(), arguments).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("process failed, and said: " + said);
        }
        return said;
    }

    private void row(String what, int streams, Map<Watch, List<Cost>> costs, ToDoubleFunction<Cost> value) {
        double[] alone = values(costs, Watch.ALONE, value);
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "| %,d | %s |", streams, what));
        for (Watch watch : Watch.values()) {
            double[] watched = values(costs, watch, value);
            row.append(String.format(Locale.ROOT, " %.1f", quantile(sorted(watched), 0.5)));
            if (watch != Watch.ALONE && quantile(sorted(alone), 0.5) > 0) {
                double[] more = sortedMore(watched, alone);
                row.append(String.format(Locale.ROOT, ", %+.1f %% (%+.1f – %+.1f)", quantile(more, 0.5), quantile(more, 0.25), quantile(more, 0.75)));
            }
            row.append(" |");
        }
        rows.add(row.toString());
        System.out.println(row);
    }

    private static double[] values(Map<Watch, List<Cost>> costs, Watch watch, ToDoubleFunction<Cost> value) {
        return costs.getOrDefault(watch, List.of()).stream().mapToDouble(value).toArray();
    }

    /** Of each turn by itself, since what else the machine does changes from turn to turn. */
    private static double[] sortedMore(double[] watched, double[] alone) {
        double[] more = new double[alone.length];
        Arrays.setAll(more, turn -> 100 * (watched[turn] / alone[turn] - 1));
        return sorted(more);
    }

    private static double[] sorted(double[] values) {
        return Arrays.stream(values).sorted().toArray();
    }

    private static double quantile(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    // ---------------------------------------------------------------- in a process of its own

    private static void measure(int streams, int turns) throws IOException {
        Path folder = BenchFolder.fresh("metrics");
        WalOptions walOptions = WalOptions.builder().window(Duration.ofSeconds(1)).retention(Duration.ofSeconds(10)).sweepInterval(Duration.ofSeconds(1)).build();
        List<Measured> measured = new ArrayList<>();
        Random random = new Random(streams);
        try (StreamWal wal = StreamWal.open(folder, walOptions)) {
            Appender appender = new Appender(wal, streams);
            Measured warm = watched(Watch.BOTH, appender, WARMUP);
            Files.delete(warm.recording().orElseThrow());
            for (int turn = 0; turn < turns; turn++) {
                // in any order: each leaves work for the next
                List<Watch> order = new ArrayList<>(List.of(Watch.values()));
                Collections.shuffle(order, random);
                for (Watch watch : order) {
                    measured.add(watched(watch, appender, MEASURED));
                }
            }
        } finally {
            BenchFolder.delete(folder);
        }
        for (Measured each : measured) {
            System.out.println(each.watch().name() + ' ' + each.cost().with(eventsASecond(each.recording())).format());
        }
    }

    /** Counted when all is measured: reading a recording takes longer than making it. */
    private static double eventsASecond(Optional<Path> recording) throws IOException {
        if (recording.isEmpty()) {
            return 0;
        }
        Path file = recording.get();
        long events = RecordingFile.readAllEvents(file).stream().filter(event -> event.getEventType().getName().startsWith("dev.streamwal.")).count();
        Files.delete(file);
        return events / (MEASURED.plus(SETTLE).toMillis() / 1e3);
    }

    private static Measured watched(Watch watch, Appender appender, Duration time) throws IOException {
        if (!watch.hasEvents) {
            return new Measured(watch, read(watch, appender, time), Optional.empty());
        }
        Path file = Files.createTempFile("metrics", ".jfr");
        try (Recording recording = new Recording()) {
            recording.start();
            Cost cost = read(watch, appender, time);
            recording.stop();
            recording.dump(file);
            return new Measured(watch, cost, Optional.of(file));
        }
    }

    private static Cost read(Watch watch, Appender appender, Duration time) {
        if (!watch.hasMeters) {
            return measured(appender, time);
        }
        try (StreamWalMetrics metrics = new StreamWalMetrics(appender.wal(), "bench")) {
            MeterRegistry registry = new SimpleMeterRegistry();
            metrics.bindTo(registry);
            ScheduledExecutorService scraper = new ScheduledThreadPoolExecutor(1, work -> new Thread(work, METERS_THREAD));
            try {
                var unused = scraper.scheduleAtFixedRate(() -> read(registry), 0, 1, TimeUnit.SECONDS);
                return measured(appender, time);
            } finally {
                scraper.shutdownNow();
            }
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

    private static Cost measured(Appender appender, Duration time) {
        long unused = appender.append(SETTLE);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long compiling = threadNanos(COMPILERS);
        long watching = threadNanos(WATCHERS);
        long processor = system.getProcessCpuTime();
        long appending = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        long began = System.nanoTime();
        double records = appender.append(time);
        long ended = System.nanoTime();
        appending = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - appending;
        processor = system.getProcessCpuTime() - processor;
        watching = threadNanos(WATCHERS) - watching;
        compiling = threadNanos(COMPILERS) - compiling;
        return new Cost((ended - began) / records, appending / records, (processor - compiling) / records, watching / records, compiling / records, 0);
    }

    /** Appends to all streams in turn. */
    private static final class Appender {

        private final StreamWal wal;
        private final String[] keys;
        private final byte[] content = new byte[CONTENT_BYTES];
        private int next;

        Appender(StreamWal wal, int streams) {
            this.wal = wal;
            this.keys = new String[streams];
            Arrays.setAll(keys, i -> "host-" + i);
            Arrays.fill(content, (byte) '7');
        }

        StreamWal wal() {
            return wal;
        }

        /** @return how many records */
        long append(Duration time) {
            long records = 0;
            for (long began = System.nanoTime(); System.nanoTime() - began < time.toNanos(); records += STRIDE) {
                for (int i = 0; i < STRIDE; i++) {
                    wal.stream(keys[next]).append(content);
                    next = (next + 1) % keys.length;
                }
            }
            return records;
        }
    }

    /** Processor time of threads that no interface of Java tells of; zero where there is no {@code /proc}. */
    private static long threadNanos(String names) {
        Path threads = Path.of("/proc/self/task");
        if (!Files.exists(threads)) {
            return 0;
        }
        try (Stream<Path> each = Files.list(threads)) {
            return each.mapToLong(thread -> threadNanos(thread, names)).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long threadNanos(Path thread, String names) {
        try {
            boolean isNamed = Files.readString(thread.resolve("comm")).strip().matches(names);
            return isNamed ? Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]) : 0;
        } catch (IOException e) {
            // it has ended meanwhile, so it is none of those: they stay
            return 0;
        }
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        List<String> lines = machine.heading(", metrics and events", options.quick());
        lines.add(String.format(Locale.ROOT, """
                Nanoseconds a record of %d B, one thread, windows of a second, with packing and sweeping. Alone: nobody reads a meter, nothing is recorded. Meters: all of `StreamWalMetrics` are read every second. Events: all of the library are recorded. %d processes, each with %d turns of two seconds of each of the four, in any order: medians, and how much more than alone in the same turn, as the median and the quartiles.""",
                CONTENT_BYTES, options.rounds(), turns));
        lines.addAll(List.of("", "| streams | | alone | meters | events | both |", "|--:|---|--:|--:|--:|--:|"));
        lines.addAll(rows);
        lines.addAll(List.of("", "Nanoseconds of processor time that one event costs the thread that has it, the least of seven turns. A stall has a stack of 64 calls or more.",
                "", "| | nothing was ever recorded | recorded | stalls without stacks | no longer recorded |", "|---|--:|--:|--:|--:|"));
        lines.addAll(eventRows);
        options.write(machine, "metrics", lines);
    }
}
