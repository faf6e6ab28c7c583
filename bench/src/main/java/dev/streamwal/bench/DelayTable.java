package dev.streamwal.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** Delays as Markdown: of all rounds together, and how the rounds differ. */
final class DelayTable {

    private static final double NANOS_PER_MICRO = 1e3;
    private static final int DIGITS = 3;

    private final List<String> contenders;
    private final List<DelayRun.Result> results;
    private final List<String> lines = new ArrayList<>();

    DelayTable(List<String> contenders, List<DelayRun.Result> results) {
        this.contenders = contenders;
        this.results = results;
    }

    List<String> lines(Machine machine, RunOptions options, Duration quiet) {
        lines.addAll(machine.heading(", follow", options.quick()));
        lines.add(how(options, quiet, machine.cores()));
        delays(DelayPattern.DENSE);
        delays(DelayPattern.SPARSE);
        loads();
        return lines;
    }

    private static String how(RunOptions options, Duration quiet, int cores) {
        String rounds = options.rounds() == 1 ? "1 round" : options.rounds() + " alternating rounds";
        return String.format(Locale.ROOT, """
                A follower's delay, in µs: from just before the append in one process to just after the delivery in another. Both ask \
                `System.nanoTime`, which on Linux is CLOCK_MONOTONIC, the machine's. Records of %d bytes; nothing is forced, and \
                every record's delivery is counted. %s; in each a contender's writer and follower are JVMs of their own, just started: \
                %d s to warm up, %d s of %,d records a second, %d s of %d a second, gaps varying by half either way%s, and %.1f s of \
                nothing. Both processes, and whatever else the machine does, share %d cores: a follower that spins has one of them to itself.""",
                DelayRecord.BYTES, rounds, DelayPattern.WARM_UP.seconds(), DelayPattern.DENSE.seconds(), DelayPattern.DENSE.perSecond(),
                DelayPattern.SPARSE.seconds(), DelayPattern.SPARSE.perSecond(), options.quick() ? " (of all that a tenth)" : "",
                quiet.toMillis() / 1e3, cores);
    }

    private void delays(DelayPattern pattern) {
        lines.addAll(List.of("", String.format(Locale.ROOT, "## %,d records a second", pattern.perSecond()), "",
                "| | records | p50 | p99 | max | p50 by round | p99 by round |", "|---|--:|--:|--:|--:|--:|--:|"));
        for (String contender : contenders) {
            Histogram all = new Histogram(DIGITS);
            of(contender).forEach(result -> all.add(delays(result, pattern)));
            lines.add(String.format(Locale.ROOT, "| %s | %,d | %,.0f | %,.0f | %,.0f | %s | %s |", contender, all.getTotalCount(),
                    micros(all, 50), micros(all, 99), micros(all, 100),
                    range(contender, "%,.0f", result -> micros(delays(result, pattern), 50)),
                    range(contender, "%,.0f", result -> micros(delays(result, pattern), 99))));
        }
    }

    private void loads() {
        lines.addAll(List.of("", "## CPU", "", "What the follower's process takes, all threads, in % of a core: medians, and from the"
                + " lowest round to the highest. The time is counted in hundredths of a second; a JVM that does nothing takes some"
                + " too, and one that has just started compiles.",
                "",
                String.format(Locale.ROOT, "| | nothing appended | | %d a second | | %,d a second | |", DelayPattern.SPARSE.perSecond(),
                        DelayPattern.DENSE.perSecond()),
                "|---|--:|--:|--:|--:|--:|--:|"));
        for (String contender : contenders) {
            lines.add("| " + contender + " | " + load(contender, DelayRun.Result::quiet) + " | "
                    + load(contender, result -> busy(result, DelayPattern.SPARSE)) + " | "
                    + load(contender, result -> busy(result, DelayPattern.DENSE)) + " |");
        }
    }

    private String load(String contender, ToDoubleFunction<DelayRun.Result> load) {
        ToDoubleFunction<DelayRun.Result> percent = result -> 100 * load.applyAsDouble(result);
        double median = DurabilityTable.median(sorted(contender, percent));
        return String.format(Locale.ROOT, "%.1f | %s", median, range(contender, "%.1f", percent));
    }

    private static Histogram delays(DelayRun.Result result, DelayPattern pattern) {
        return result.delays().getOrDefault(pattern, new Histogram(DIGITS));
    }

    private static double busy(DelayRun.Result result, DelayPattern pattern) {
        return result.busy().getOrDefault(pattern, Double.NaN);
    }

    private static double micros(Histogram delays, double percentile) {
        return delays.getValueAtPercentile(percentile) / NANOS_PER_MICRO;
    }

    private String range(String contender, String format, ToDoubleFunction<DelayRun.Result> figure) {
        double[] sorted = sorted(contender, figure);
        return String.format(Locale.ROOT, format + " – " + format, sorted[0], sorted[sorted.length - 1]);
    }

    private double[] sorted(String contender, ToDoubleFunction<DelayRun.Result> figure) {
        return of(contender).stream().mapToDouble(figure).sorted().toArray();
    }

    private List<DelayRun.Result> of(String contender) {
        return results.stream().filter(result -> result.contender().equals(contender)).toList();
    }
}
