package dev.streamwal.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.DoubleFunction;

/** A table: a row for each contender that has a figure, a column for each thing measured; below it why there is none. */
final class CompareTable {

    /**
     * A figure of each contender.
     *
     * @param highestIsBest otherwise the lowest one is
     */
    record Column(String title, Cell cell, Metric metric, boolean highestIsBest, DoubleFunction<String> text) {

        static Column rate(String title, Cell cell) {
            return new Column(title, cell, Metric.RATE, true, Numbers::rate);
        }

        static Column micros(String title, Cell cell, Metric metric) {
            return new Column(title, cell, metric, false, Numbers::micros);
        }

        static Column lowest(String title, Cell cell, Metric metric) {
            return new Column(title, cell, metric, false, Numbers::digits);
        }
    }

    private final Measurements measurements;
    private final List<Contender> contenders;
    private final List<Column> columns;

    CompareTable(Measurements measurements, List<Contender> contenders, List<Column> columns) {
        this.measurements = measurements;
        this.contenders = contenders;
        this.columns = columns;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("| |" + String.join("|", columns.stream().map(column -> " " + column.title + " ").toList()) + "|");
        lines.add("|---|" + "--:|".repeat(columns.size()));
        contenders.stream().filter(this::hasFigures).forEach(contender -> lines.add(row(contender)));
        reasons().forEach((text, names) -> {
            if (lines.get(lines.size() - 1).startsWith("|")) {
                lines.add("");
            }
            lines.add("- " + String.join(", ", names) + ": " + text + ".");
        });
        return lines;
    }

    private boolean hasFigures(Contender contender) {
        return columns.stream().anyMatch(column -> median(contender, column).isPresent());
    }

    private OptionalDouble median(Contender contender, Column column) {
        return measurements.median(contender.name(), column.cell.name(), column.metric);
    }

    private String row(Contender contender) {
        StringBuilder row = new StringBuilder("| " + (contender.limit() ? "*" + contender.name() + "*" : contender.name()) + " |");
        for (Column column : columns) {
            double[] sorted = measurements.sorted(contender.name(), column.cell.name(), column.metric);
            String text = sorted.length == 0 ? "–" : column.text.apply(Measurements.median(sorted));
            boolean best = !contender.limit() && sorted.length > 0 && isBest(Measurements.median(sorted), column);
            row.append(' ').append(best ? "**" + text + "**" : text).append(Numbers.spread(sorted)).append(" |");
        }
        return row.toString();
    }

    /** Of logs: limits don't take part. */
    private boolean isBest(double median, Column column) {
        return contenders.stream()
                .filter(contender -> !contender.limit())
                .flatMapToDouble(contender -> median(contender, column).stream())
                .allMatch(other -> column.highestIsBest ? other <= median : other >= median);
    }

    /** Contenders by what they say about the columns that they have no figure of. */
    private Map<String, Set<String>> reasons() {
        Map<String, Set<String>> reasons = new LinkedHashMap<>();
        for (Contender contender : contenders) {
            for (Column column : columns) {
                measurements.reason(contender.name(), column.cell.name()).ifPresent(text -> {
                    boolean all = columns.stream().allMatch(other -> measurements.reason(contender.name(), other.cell.name()).filter(text::equals).isPresent());
                    reasons.computeIfAbsent(all || columns.size() == 1 ? text : text + " (" + column.title + ")", any -> new LinkedHashSet<>())
                            .add(contender.name());
                });
            }
        }
        return reasons;
    }
}
