package dev.streamwal.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** All that was measured, and why something was not. */
final class Measurements {

    /** One figure of one round, or of a part of it. */
    record Value(int round, String contender, String cell, Metric metric, double value) {}

    /** Why a contender has no figures of a cell. */
    record Reason(String contender, String cell, String text) {}

    private final List<Value> values = new ArrayList<>();
    private final Set<Reason> reasons = new LinkedHashSet<>();

    void add(Value value) {
        values.add(value);
    }

    void add(Reason reason) {
        reasons.add(reason);
    }

    List<Value> values() {
        return List.copyOf(values);
    }

    List<Reason> reasons() {
        return List.copyOf(reasons);
    }

    Optional<String> reason(String contender, String cell) {
        return reasons.stream().filter(reason -> reason.contender.equals(contender) && reason.cell.equals(cell)).map(Reason::text).findFirst();
    }

    /** From the lowest to the highest. */
    double[] sorted(String contender, String cell, Metric metric) {
        return values.stream()
                .filter(value -> value.contender.equals(contender) && value.cell.equals(cell) && value.metric == metric)
                .mapToDouble(Value::value)
                .sorted()
                .toArray();
    }

    OptionalDouble median(String contender, String cell, Metric metric) {
        double[] sorted = sorted(contender, cell, metric);
        return sorted.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(median(sorted));
    }

    static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Half of the way from the lowest to the highest, in parts of the median. */
    static double spread(double[] sorted) {
        double median = median(sorted);
        return median == 0 ? 0 : (sorted[sorted.length - 1] - sorted[0]) / 2 / median;
    }
}
