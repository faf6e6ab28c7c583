package dev.streamwal.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Durability results as Markdown: medians over the rounds, and the ratios that were aimed at. */
final class DurabilityTable {

    private static final String NONE = "–";

    private final List<String> contenders;
    private final List<DurabilityResult> results;
    private final List<String> lines = new ArrayList<>();

    DurabilityTable(List<String> contenders, List<DurabilityResult> results) {
        this.contenders = contenders;
        this.results = results;
    }

    String text(Machine machine, String how, boolean quick) {
        lines.addAll(machine.heading(", durability", quick));
        lines.add("Records of 128 bytes that survive power loss when they are acknowledged; " + how + "; medians. \"In flight\": one thread;"
                + " those that have no such call gather as many records and force once (files: each file once). Latencies are from the"
                + " append's call to when its record was durable." + noise());
        for (int streams : all(DurabilityResult::streams)) {
            rates(streams);
        }
        goals();
        for (int streams : all(DurabilityResult::streams)) {
            latencies(streams);
        }
        return String.join("\n", lines) + "\n";
    }

    private String noise() {
        boolean repeated = results.stream().anyMatch(result -> result.round() > 1);
        return repeated
                ? String.format(Locale.ROOT, " Rates differ between rounds by %.0f %% of their median, in the middle: ratios nearer to one"
                        + " than that say nothing.", 100 * spread())
                : "";
    }

    private void rates(int streams) {
        Set<DurableLoad> loads = all(DurabilityResult::load);
        lines.add("");
        lines.add("## Records a second, " + streams(streams));
        lines.add("");
        lines.add("| | " + String.join(" | ", loads.stream().map(DurableLoad::label).toList()) + " |");
        lines.add("|---|" + "--:|".repeat(loads.size()));
        for (String contender : contenders) {
            StringBuilder row = new StringBuilder("| " + contender + " |");
            for (DurableLoad load : loads) {
                OptionalDouble rate = rate(streams, load, contender);
                row.append(' ').append(rate.isEmpty() ? NONE : number(rate.getAsDouble())).append(" |");
            }
            lines.add(row.toString());
        }
    }

    private void latencies(int streams) {
        lines.add("");
        lines.add("## Latencies in µs, " + streams(streams) + ": p50 / p99 / p99.9");
        lines.add("");
        Set<DurableLoad> loads = all(DurabilityResult::load);
        lines.add("| | " + String.join(" | ", loads.stream().map(DurableLoad::label).toList()) + " |");
        lines.add("|---|" + "--:|".repeat(loads.size()));
        for (String contender : contenders) {
            StringBuilder row = new StringBuilder("| " + contender + " |");
            for (DurableLoad load : loads) {
                row.append(' ').append(latency(streams, load, contender)).append(" |");
            }
            lines.add(row.toString());
        }
    }

    private String latency(int streams, DurableLoad load, String contender) {
        List<String> parts = new ArrayList<>();
        for (double percentile : new double[] {50, 99, 99.9}) {
            median(streams, load, contender, result -> result.micros(percentile))
                    .ifPresent(micros -> parts.add(String.format(Locale.ROOT, "%,.0f", micros)));
        }
        return parts.isEmpty() ? NONE : String.join(" / ", parts);
    }

    // ---------------------------------------------------------------- goals

    private void goals() {
        lines.add("");
        lines.add("## Goals");
        lines.add("");
        lines.add("| what | streams | aimed at | measured | |");
        lines.add("|---|--:|--:|--:|---|");
        DurableLoad many = new DurableLoad(DurableLoad.Kind.THREADS, 64);
        DurableLoad inFlight = new DurableLoad(DurableLoad.Kind.IN_FLIGHT, DurableLoad.IN_FLIGHT);
        for (int streams : all(DurabilityResult::streams)) {
            OptionalDouble one = ours(streams, DurableLoad.ONE_THREAD);
            OptionalDouble bare = rate(streams, DurableLoad.ONE_THREAD, DurableContender.BARE);
            goal("1 thread against bare write + force", streams, 0.9, one, bare);
            goal("64 threads against 1 thread", streams, 14, ours(streams, many), one);
            goal("10,000 in flight against bare write + force", streams, 150, ours(streams, inFlight), bare);
        }
        for (DurableLoad load : all(DurabilityResult::load)) {
            goal(load.label() + ", against one stream", 10_000, 0.9, ours(10_000, load), ours(1, load));
        }
        for (int streams : all(DurabilityResult::streams)) {
            for (DurableLoad load : all(DurabilityResult::load)) {
                goal(load.label() + ", against the best peer", streams, 1, ours(streams, load), bestPeer(streams, load));
            }
        }
    }

    private void goal(String what, int streams, double aim, OptionalDouble ours, OptionalDouble theirs) {
        if (ours.isPresent() && theirs.isPresent()) {
            double ratio = ours.getAsDouble() / theirs.getAsDouble();
            lines.add(String.format(Locale.ROOT, "| %s | %,d | %.1f × | %.2f × | %s |", what, streams, aim, ratio,
                    ratio >= aim ? "reached" : "**missed**"));
        }
    }

    private OptionalDouble ours(int streams, DurableLoad load) {
        return rate(streams, load, DurableContender.STREAM_WAL);
    }

    private OptionalDouble bestPeer(int streams, DurableLoad load) {
        return contenders.stream()
                .filter(contender -> !contender.equals(DurableContender.STREAM_WAL) && !contender.equals(DurableContender.BARE))
                .map(contender -> rate(streams, load, contender))
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .max();
    }

    // ---------------------------------------------------------------- figures

    private OptionalDouble rate(int streams, DurableLoad load, String contender) {
        return median(streams, load, contender, DurabilityResult::perSecond);
    }

    private OptionalDouble median(int streams, DurableLoad load, String contender, ToDoubleFunction<DurabilityResult> figure) {
        double[] sorted = sorted(streams, load, contender, figure);
        return sorted.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(median(sorted));
    }

    /** The range of repeated measurements, relative to their median; of all these, the median. */
    private double spread() {
        List<Double> spreads = new ArrayList<>();
        for (int streams : all(DurabilityResult::streams)) {
            for (DurableLoad load : all(DurabilityResult::load)) {
                for (String contender : contenders) {
                    double[] sorted = sorted(streams, load, contender, DurabilityResult::perSecond);
                    if (sorted.length > 0) {
                        spreads.add((sorted[sorted.length - 1] - sorted[0]) / median(sorted));
                    }
                }
            }
        }
        return median(spreads.stream().mapToDouble(Double::doubleValue).sorted().toArray());
    }

    private double[] sorted(int streams, DurableLoad load, String contender, ToDoubleFunction<DurabilityResult> figure) {
        return results.stream()
                .filter(result -> result.streams() == streams && result.load().equals(load) && result.contender().equals(contender))
                .mapToDouble(figure)
                .sorted()
                .toArray();
    }

    static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private <T> Set<T> all(Function<DurabilityResult, T> what) {
        Collection<T> values = results.stream().map(what).toList();
        return new LinkedHashSet<>(values);
    }

    private static String streams(int count) {
        return count == 1 ? "1 stream" : String.format(Locale.ROOT, "%,d streams", count);
    }

    private static String number(double perSecond) {
        if (perSecond >= 1e6) {
            return String.format(Locale.ROOT, "%.2f M", perSecond / 1e6);
        }
        return perSecond >= 1e4 ? String.format(Locale.ROOT, "%.0f k", perSecond / 1e3)
                : String.format(Locale.ROOT, "%,.0f", perSecond);
    }
}
