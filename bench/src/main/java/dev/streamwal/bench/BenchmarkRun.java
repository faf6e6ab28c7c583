package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the set in rounds, each of which runs every benchmark once, so that what is compared is measured in turn; then
 * writes {@code <results>/<date>-<machine>.json}, JMH's, and {@code .md}, a table of medians. {@code bench/run} calls it.
 *
 * <pre>
 *   bench/run [--rounds n] [--quick] [--out folder] [regular expressions of benchmarks …]
 * </pre>
 *
 * {@code --quick} proves that everything runs; what it measures is worth nothing. Takes some 10 minutes otherwise.
 */
public final class BenchmarkRun {

    private static final int ROUNDS = 2;
    private static final String EVERY_ROUND =
            "bench\\.(Append|AppendWays|ChannelAppend|Baseline|ReadBatch|Scan|Latest|Queue)Benchmark\\.";
    /** Has a long setup, and leaves a great deal to write back. */
    private static final String ONCE = "bench\\.ManyStreamsBenchmark\\.";

    private final List<RunResult> results = new ArrayList<>();
    private final List<Histogram> latencies = new ArrayList<>();
    private int rounds = ROUNDS;
    private boolean quick;
    private Path out = Path.of("bench/results");
    private final List<String> includes = new ArrayList<>();

    private BenchmarkRun(String[] args) {
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--rounds" -> rounds = Integer.parseInt(args[++i]);
                case "--out" -> out = Path.of(args[++i]);
                case "--quick" -> {
                    quick = true;
                    rounds = 1;
                }
                default -> includes.add(args[i]);
            }
        }
    }

    public static void main(String[] args) throws IOException {
        BenchmarkRun run = new BenchmarkRun(args);
        Files.createDirectories(BenchFolder.root());
        BenchFolder.deleteLeftovers();
        try {
            run.measure();
        } finally {
            BenchFolder.deleteLeftovers();
        }
        run.write();
    }

    private void measure() {
        if (includes.isEmpty()) {
            // first, while few files were deleted
            round(List.of(ONCE));
        }
        for (int i = 1; i <= rounds; i++) {
            System.out.println("== round " + i + " of " + rounds);
            round(includes.isEmpty() ? List.of(EVERY_ROUND) : includes);
            if (includes.isEmpty()) {
                BenchFolder.settle();
                latencies.addAll(LatencyBenchmark.rounds(quick));
            }
        }
    }

    private void round(List<String> patterns) {
        BenchFolder.settle();
        ChainedOptionsBuilder options = new OptionsBuilder().shouldFailOnError(true);
        patterns.forEach(options::include);
        if (quick) {
            options.warmupIterations(1).measurementIterations(1);
        }
        try {
            results.addAll(new Runner(options.build()).run());
        } catch (RunnerException e) {
            throw new IllegalStateException("a benchmark failed", e);
        }
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        String name = LocalDate.now(ZoneOffset.UTC) + "-" + machine.shortName();
        Files.createDirectories(out);
        Path json = out.resolve(name + ".json");
        ResultFormatFactory.getInstance(ResultFormatType.JSON, json.toString()).writeOut(results);
        Files.writeString(json, ResultTable.withoutPaths(Files.readString(json)));
        Path table = out.resolve(name + ".md");
        Files.writeString(table, ResultTable.of(machine, rounds, quick, results, latencies));
        System.out.println(Files.readString(table));
        System.out.println("written: " + json + ", " + table);
    }
}
