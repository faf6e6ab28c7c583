package dev.streamwal.bench.compare;

import dev.streamwal.bench.compare.CompareTable.Column;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.internal.chartpart.Chart;

/** The results as pictures: one idea a panel. */
final class CompareCharts {

    private final Plan plan;
    private final Measurements measurements;
    private final List<Contender> contenders;

    CompareCharts(Plan plan, Measurements measurements, List<Contender> contenders) {
        this.plan = plan;
        this.measurements = measurements;
        this.contenders = contenders;
    }

    /** Returns the files' names. */
    List<String> write(Path out, String name) throws IOException {
        List<String> written = new ArrayList<>();
        write(out, name + "-appends.png", appends(), written);
        write(out, name + "-durable.png", List.of(bars("Durable appends", "records a second, 128 B", durable())), written);
        write(out, name + "-gateway.png", gateway(), written);
        write(out, name + "-queries.png", queries(), written);
        write(out, name + "-follow.png", follow(), written);
        return written;
    }

    /** Nothing where nothing was measured. */
    private static void write(Path out, String name, List<Chart<?, ?>> panels, List<String> written) throws IOException {
        List<Chart<?, ?>> drawn = panels.stream().filter(panel -> !panel.getSeriesMap().isEmpty()).toList();
        if (!drawn.isEmpty()) {
            ChartSheet.write(drawn, out.resolve(name));
            written.add(name);
        }
    }

    private List<Chart<?, ?>> appends() {
        return List.of(
                lines("By the size of a record: one stream, one thread", "bytes of a record (log scale)", "records a second",
                        undurable().filter(cell -> cell.streams() == 1 && cell.threads() == 1 && !cell.zipf() && cell.batch() == 1), AppendCell::bytes),
                lines("By the number of streams: 128 bytes, one thread", "streams (log scale)", "records a second",
                        undurable().filter(cell -> cell.bytes() == QueriedSet.BYTES && cell.threads() == 1 && !cell.zipf() && cell.batch() == 1),
                        AppendCell::streams));
    }

    private Stream<AppendCell> undurable() {
        return plan.appends(false).stream();
    }

    @FunctionalInterface
    private interface Across {
        double of(AppendCell cell);
    }

    /** A line for each contender that has at least two points. */
    private XYChart lines(String title, String across, String up, Stream<AppendCell> cells, Across x) {
        List<AppendCell> sorted = cells.sorted(Comparator.comparingDouble(x::of)).toList();
        XYChart chart = ChartStyle.lines(title, across, up);
        for (Contender contender : contenders) {
            List<Double> xs = new ArrayList<>();
            List<Double> ys = new ArrayList<>();
            for (AppendCell cell : sorted) {
                OptionalDouble rate = measurements.median(contender.name(), cell.name(), Metric.RATE);
                if (rate.isPresent()) {
                    xs.add(x.of(cell));
                    ys.add(rate.getAsDouble());
                }
            }
            if (xs.size() > 1) {
                ChartStyle.addLine(chart, contender, xs, ys);
            }
        }
        return chart;
    }

    private List<Column> durable() {
        return plan.appends(true).stream().map(cell -> Column.rate(cell.threads() == 1 ? "1 thread" : cell.threads() + " threads", cell)).toList();
    }

    private List<Chart<?, ?>> gateway() {
        GatewayCell cell = new GatewayCell();
        return List.of(bars("The gateway: how late is an append", "µs late, less is better", List.of(Column.micros("median", cell, Metric.P50_MICROS),
                Column.micros("99 %", cell, Metric.P99_MICROS), Column.micros("99.9 %", cell, Metric.P999_MICROS))));
    }

    private List<Chart<?, ?>> follow() {
        FollowCell cell = new FollowCell();
        return List.of(bars("Another process: how late is a record delivered", "µs late, less is better",
                List.of(Column.micros("median", cell, Metric.P50_MICROS), Column.micros("99 %", cell, Metric.P99_MICROS))));
    }

    private List<Chart<?, ?>> queries() {
        List<Chart<?, ?>> panels = new ArrayList<>();
        for (QueryCell cell : plan.queries()) {
            panels.add(bars(title(cell.kind()), unit(cell.kind()), List.of(Column.rate("", cell))));
        }
        return panels;
    }

    private static String title(QueryCell.Kind kind) {
        return switch (kind) {
            case RANDOM -> "Random refs";
            case ADJACENT -> "Adjacent refs";
            case KEY_HOUR -> "An hour of one key";
            case SITE_HOUR -> "An hour of ten keys";
            case SITE_HOUR_MERGED -> "An hour of ten keys, by time";
            case LATEST -> "The latest record of all keys";
            case SCAN -> "Full scan";
        };
    }

    private static String unit(QueryCell.Kind kind) {
        return switch (kind) {
            case RANDOM, ADJACENT -> "refs a second";
            case KEY_HOUR, SITE_HOUR, SITE_HOUR_MERGED, LATEST -> "questions a second";
            case SCAN -> "records a second";
        };
    }

    /** The contenders that have a figure: with one column, from the best to the worst. */
    private Chart<?, ?> bars(String title, String up, List<Column> columns) {
        List<Contender> shown = new ArrayList<>(contenders.stream()
                .filter(contender -> columns.stream().anyMatch(column -> median(contender, column).isPresent())).toList());
        Column first = columns.get(0);
        Comparator<Contender> ascending = Comparator.comparingDouble(contender -> median(contender, first).orElse(Double.NaN));
        shown.sort(first.highestIsBest() ? ascending.reversed() : ascending);
        return ChartStyle.bars(title, up, shown, columns.stream().map(column -> new ChartStyle.Bars(
                column.title(), shown.stream().map(contender -> median(contender, column)).toList())).toList());
    }

    private OptionalDouble median(Contender contender, Column column) {
        return measurements.median(contender.name(), column.cell().name(), column.metric());
    }
}
