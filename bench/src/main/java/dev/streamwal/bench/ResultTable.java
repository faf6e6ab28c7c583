package dev.streamwal.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.ListStatistics;

/** Results as Markdown: for each benchmark the median of all iterations of all rounds. */
final class ResultTable {

    private static final double CONFIDENCE = 0.999;

    private ResultTable() {}

    static String of(Machine machine, int rounds, boolean quick, List<RunResult> results, List<Histogram> latencies) {
        List<String> lines = machine.heading("", quick);
        lines.add("Medians over all iterations of " + rounds + (rounds == 1 ? " round" : " alternating rounds")
                + " (`ManyStreamsBenchmark`: one). An operation is a record appended or read, or a ref. ± is JMH's"
                + " error of the mean, at 99.9%; a rate is the median's.");
        lines.add("");
        lines.add("| benchmark | ns/operation | ± | lowest | highest | iterations | operations/s |");
        lines.add("|---|--:|--:|--:|--:|--:|--:|");
        scores(results).forEach((name, scores) -> lines.add(row(name, scores)));
        lines.add("");
        if (!latencies.isEmpty()) {
            lines.add(String.format(Locale.ROOT,
                    "Append of 128 bytes by one thread to one stream at a paced %,d /s, from when it was due to when it"
                            + " returned; a row a round:", LatencyBenchmark.PACE));
            lines.add("");
            lines.add("| appends | p50 | p99 | p99.9 | p99.99 | max |");
            lines.add("|--:|--:|--:|--:|--:|--:|");
            latencies.forEach(histogram -> lines.add(row(histogram)));
            lines.add("");
        }
        return String.join("\n", lines);
    }

    /** Nanoseconds an operation, iteration by iteration. */
    private static Map<String, double[]> scores(Collection<RunResult> results) {
        Map<String, List<Double>> byName = new TreeMap<>();
        for (RunResult result : results) {
            List<Double> scores = byName.computeIfAbsent(name(result.getParams()), name -> new ArrayList<>());
            for (BenchmarkResult fork : result.getBenchmarkResults()) {
                for (IterationResult iteration : fork.getIterationResults()) {
                    scores.add(iteration.getPrimaryResult().getScore());
                }
            }
        }
        Map<String, double[]> sorted = new TreeMap<>();
        byName.forEach((name, scores) ->
                sorted.put(name, scores.stream().mapToDouble(Double::doubleValue).sorted().toArray()));
        return sorted;
    }

    private static String name(BenchmarkParams params) {
        String[] parts = params.getBenchmark().split("\\.");
        StringBuilder name = new StringBuilder(parts[parts.length - 2].replace("Benchmark", ""));
        name.append(' ').append(parts[parts.length - 1]);
        for (String key : params.getParamsKeys()) {
            name.append(", ").append(key).append(' ').append(params.getParam(key));
        }
        return name.toString();
    }

    private static String row(String name, double[] sorted) {
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        String error = sorted.length < 2
                ? "–"
                : String.format(Locale.ROOT, "%,.1f", new ListStatistics(sorted).getMeanErrorAt(CONFIDENCE));
        return String.format(Locale.ROOT, "| %s | %,.1f | %s | %,.1f | %,.1f | %d | %s |",
                name, median, error, sorted[0], sorted[sorted.length - 1], sorted.length, rate(1e9 / median));
    }

    private static String rate(double perSecond) {
        return perSecond >= 1e6
                ? String.format(Locale.ROOT, "%.1f M", perSecond / 1e6)
                : String.format(Locale.ROOT, "%.0f k", perSecond / 1e3);
    }

    private static String row(Histogram histogram) {
        return String.format(Locale.ROOT, "| %,d | %s | %s | %s | %s | %s |", histogram.getTotalCount(),
                time(histogram.getValueAtPercentile(50)), time(histogram.getValueAtPercentile(99)),
                time(histogram.getValueAtPercentile(99.9)), time(histogram.getValueAtPercentile(99.99)),
                time(histogram.getMaxValue()));
    }

    private static String time(long nanos) {
        if (nanos < 1_000) {
            return nanos + " ns";
        }
        return nanos < 1_000_000
                ? String.format(Locale.ROOT, "%.1f µs", nanos / 1e3)
                : String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }

    /** Removes the virtual machine's path, and the folder of the files, from JMH's JSON. */
    static String withoutPaths(String json) {
        return json.replaceAll("(?m)^\\s*\"jvm\" : \".*\",\\R", "")
                .replaceAll("(?m)^\\s*\"-Dbench\\.dir=.*\"(,?)\\R", "");
    }
}
