package dev.streamwal.examples;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws streams of telemetry as they stand in the log: what the machine did in the upper two panels, what the log did in the lower two, over the time
 * of the clock. Grey lines are the beginnings of windows; left of the red one the sweep has deleted everything.
 */
final class TelemetryChart {
    private static final Color WINDOW = new Color(0xDD, 0xDD, 0xDD);
    private static final Color EXPIRED = new Color(0xC0, 0x39, 0x2B);
    private static final Color[] LINES = {new Color(0x1F, 0x77, 0xB4), new Color(0xE6, 0x7E, 0x22)};
    private static final Color BACKGROUND = Color.WHITE;

    /** One idea, in at most two lines. */
    private record Panel(String title, String unit, double scale, Map<String, String> namesByKey) {}

    private static final List<Panel> PANELS = List.of(
            new Panel("How busy the processors are", "%", 1,
                    names("machine/cpu/all/busy", "the machine", "jvm/process/cpu", "this process, of the machine")),
            new Panel("Heap", "MiB", 1 << 20, names("jvm/heap/used", "used", "jvm/heap/committed", "committed")),
            new Panel("What a record took to append, mean of a round", "µs", 1, names(RoundSource.APPEND_MICROS, "append")),
            new Panel("Segments in the log", "segments", 1, names(RoundSource.SEGMENTS, "all streams")));

    private record Series(String name, List<Instant> times, List<Double> values) {}

    private final Map<Panel, List<Series>> panels = new LinkedHashMap<>();

    private static Map<String, String> names(String... keysAndNames) {
        Map<String, String> names = new LinkedHashMap<>();
        for (int i = 0; i < keysAndNames.length; i += 2) {
            names.put(keysAndNames[i], keysAndNames[i + 1]);
        }
        return names;
    }

    /** Reads what is to be drawn, each stream from its beginning. */
    TelemetryChart(WalReader reader) {
        for (Panel panel : PANELS) {
            List<Series> series = new ArrayList<>();
            panel.namesByKey.forEach((key, name) -> series.add(read(reader, key, name, panel.scale)));
            series.removeIf(each -> each.values.isEmpty());
            panels.put(panel, series);
        }
    }

    private static Series read(WalReader reader, String key, String name, double scale) {
        Series series = new Series(name, new ArrayList<>(), new ArrayList<>());
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                series.times.add(cursor.timestamp());
                series.values.add(TelemetryValue.decode(cursor.content()) / scale);
            }
        }
        return series;
    }

    /**
     * Draws.
     *
     * @param window of the log's segments
     * @param expired where the data begin that the sweep has left
     */
    void savePng(Path file, Duration window, Instant expired) throws IOException {
        List<XYChart> charts = new ArrayList<>();
        panels.forEach((panel, series) -> charts.add(chart(panel, series, window, expired)));
        BitmapEncoder.saveBitmap(charts, 2, 2, file.toString(), BitmapFormat.PNG);
    }

    private static XYChart chart(Panel panel, List<Series> series, Duration window, Instant expired) {
        XYChart chart = new XYChartBuilder().width(760).height(400).title(panel.title).yAxisTitle(panel.unit).build();
        chart.getStyler()
                .setDatePattern("HH:mm:ss")
                .setSeriesColors(LINES)
                .setChartBackgroundColor(BACKGROUND)
                .setPlotBorderVisible(false)
                .setLegendPosition(LegendPosition.OutsideS)
                .setLegendLayout(LegendLayout.Horizontal)
                .setLegendBorderColor(BACKGROUND);
        chart.getStyler().setPlotGridLinesVisible(false).setYAxisMin(0.0);
        chart.getStyler().setAnnotationLineColor(WINDOW).setAnnotationLineStroke(new BasicStroke(1));
        for (Series one : series) {
            chart.addSeries(one.name, dates(one.times), one.values).setMarker(SeriesMarkers.NONE);
        }
        if (!series.isEmpty()) {
            mark(chart, series, window, expired);
        }
        return chart;
    }

    /** As the library wants them. */
    private static List<Date> dates(List<Instant> times) {
        return times.stream().map(Date::from).toList();
    }

    private static void mark(XYChart chart, List<Series> series, Duration window, Instant expired) {
        List<Instant> times = series.get(0).times;
        long first = times.get(0).toEpochMilli();
        long last = times.get(times.size() - 1).toEpochMilli();
        for (long begin = (first / window.toMillis() + 1) * window.toMillis(); begin <= last; begin += window.toMillis()) {
            chart.addAnnotation(new AnnotationLine(begin, true, false));
        }
        if (expired.toEpochMilli() > first && expired.toEpochMilli() <= last) {
            double highest = series.stream().flatMap(one -> one.values.stream()).mapToDouble(Double::doubleValue).max().orElse(1);
            chart.addSeries("deleted before", dates(List.of(expired, expired)), List.of(0.0, highest))
                    .setMarker(SeriesMarkers.NONE)
                    .setLineStyle(SeriesLines.SOLID)
                    .setLineColor(EXPIRED);
        }
    }
}
