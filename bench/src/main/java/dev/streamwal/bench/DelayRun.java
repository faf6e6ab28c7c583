package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * How late is an append of one process delivered in another, and what does waiting cost? In every round each contender runs in turn, in two new
 * processes. Writes {@code <results>/<date>-<machine>-follow.md}.
 */
final class DelayRun {

    private static final int ROUNDS = 3;
    private static final Duration QUIET = Duration.ofSeconds(3);
    private static final Duration QUICK_QUIET = Duration.ofMillis(300);
    /** The pause after the last record, before the quiet time. */
    private static final Duration SETTLE = Duration.ofMillis(300);

    /**
     * The measurements of one run of a contender.
     *
     * @param delays in nanoseconds
     * @param busy the part of a processor that the follower used
     * @param quiet the same, while nothing was appended
     */
    record Result(String contender, Map<DelayPattern, Histogram> delays, Map<DelayPattern, Double> busy, double quiet) {}

    private final List<DelayContender> contenders;
    private final Class<?> main;
    private final RunOptions options;
    private final List<Result> results = new ArrayList<>();

    /** Each process runs {@code main}, with the class path of this one. */
    DelayRun(List<DelayContender> contenders, Class<?> main, String[] args) {
        this.contenders = contenders;
        this.main = main;
        this.options = RunOptions.of(args, ROUNDS);
    }

    void run() throws IOException, InterruptedException {
        Files.createDirectories(BenchFolder.root());
        BenchFolder.deleteLeftovers();
        try {
            for (int round = 1; round <= options.rounds(); round++) {
                for (int i = 0; i < contenders.size(); i++) {
                    DelayContender contender = contenders.get((i + round) % contenders.size());
                    System.out.println("== round " + round + " of " + options.rounds() + ": " + contender.name());
                    BenchFolder.settle();
                    results.add(measure(contender));
                }
            }
        } finally {
            BenchFolder.deleteLeftovers();
        }
        Machine machine = Machine.describe(BenchFolder.root());
        List<String> names = contenders.stream().map(DelayContender::name).toList();
        options.write(machine, "follow", new DelayTable(names, results).lines(machine, options, quiet()));
    }

    private Result measure(DelayContender contender) throws IOException, InterruptedException {
        Path folder = BenchFolder.root().resolve(contender.folderName());
        Map<DelayPattern, Double> busy = new EnumMap<>(DelayPattern.class);
        try (DelayProcess writer = DelayProcess.start(main, DelayChild.WRITE, contender, folder);
                DelayProcess reader = DelayProcess.start(main, DelayChild.READ, contender, folder)) {
            for (DelayPattern pattern : List.of(DelayPattern.WARM_UP, DelayPattern.DENSE, DelayPattern.SPARSE)) {
                busy.put(pattern, load(reader, () -> writer.append(pattern, pattern.records(options.quick()))));
            }
            Thread.sleep(SETTLE.toMillis());
            double quiet = load(reader, () -> Thread.sleep(quiet().toMillis()));
            writer.append(DelayPattern.LAST, DelayPattern.LAST.records(options.quick()));
            return new Result(contender.name(), delays(contender, reader), busy, quiet);
        }
    }

    private Duration quiet() {
        return options.quick() ? QUICK_QUIET : QUIET;
    }

    @FunctionalInterface
    private interface Meanwhile {
        void run() throws IOException, InterruptedException;
    }

    /** The part of a processor that the process uses meanwhile. */
    private static double load(DelayProcess process, Meanwhile what) throws IOException, InterruptedException {
        Duration before = process.processorTime();
        long start = System.nanoTime();
        what.run();
        long nanos = System.nanoTime() - start;
        return (double) process.processorTime().minus(before).toNanos() / nanos;
    }

    private Map<DelayPattern, Histogram> delays(DelayContender contender, DelayProcess reader) throws IOException {
        Map<DelayPattern, Histogram> delays = new EnumMap<>(DelayPattern.class);
        for (DelayPattern pattern : DelayPattern.values()) {
            Histogram delivered = DelayChild.decode(reader.answer());
            if (delivered.getTotalCount() != pattern.records(options.quick())) {
                throw new IllegalStateException("a record was missed, or came twice: contender=" + contender.name() + ", pattern=" + pattern
                        + ", appended=" + pattern.records(options.quick()) + ", delivered=" + delivered.getTotalCount());
            }
            delays.put(pattern, delivered);
        }
        return delays;
    }
}
