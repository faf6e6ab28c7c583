package dev.streamwal.examples;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws streams of telemetry from the log: four panels over time, in one picture. */
final class TelemetryChart {
    private static final int SERIES_PER_PANEL_MAX = 8; // a legend of 128 CPUs would leave no room for the lines

    private record Panel(String title, String unit, double scale, Pattern keys) {
        Panel(String title, String unit, double scale, String keys) {
            this(title, unit, scale, Pattern.compile(keys));
        }
    }

    private static final List<Panel> PANELS = List.of(
            new Panel("CPU", "% busy", 1, "machine/cpu/.*/busy|jvm/(process|machine)/cpu"),
            new Panel("Heap", "MiB", 1 << 20, "jvm/heap/.*"),
            new Panel("Kernel", "events a second", 1, "machine/(context-switches|interrupts)|machine/pages/faults"),
            new Panel("Disk and network", "KiB a second", 1 << 10, "machine/(disk|network)/.*-bytes"));

    private record Series(String key, List<Double> seconds, List<Double> values) {}

    private final Map<Panel, List<Series>> panels = new LinkedHashMap<>();

    /** Reads the streams to draw: every stream that a panel wants, from its beginning. */
    TelemetryChart(WalReader reader, long startMillis) {
        for (Panel panel : PANELS) {
            List<Series> series = reader.keys().stream()
                    .filter(key -> panel.keys.matcher(key).matches())
                    .limit(SERIES_PER_PANEL_MAX)
                    .map(key -> read(reader, key, startMillis, panel.scale))
                    .filter(read -> !read.values.isEmpty())
                    .toList();
            panels.put(panel, series);
        }
    }

    private static Series read(WalReader reader, String key, long startMillis, double scale) {
        Series series = new Series(key, new ArrayList<>(), new ArrayList<>());
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                series.seconds.add((cursor.timestampMillis() - startMillis) / 1e3);
                series.values.add(TelemetryValue.decode(cursor.content()) / scale);
            }
        }
        return series;
    }

    void savePng(Path file) throws IOException {
        List<XYChart> charts = new ArrayList<>();
        panels.forEach((panel, series) -> charts.add(chart(panel, series)));
        BitmapEncoder.saveBitmap(charts, 2, 2, file.toString(), BitmapFormat.PNG);
    }

    private static XYChart chart(Panel panel, List<Series> series) {
        XYChart chart = new XYChartBuilder()
                .width(720)
                .height(420)
                .title(panel.title)
                .xAxisTitle("seconds")
                .yAxisTitle(panel.unit)
                .build();
        chart.getStyler()
                .setChartBackgroundColor(Color.WHITE)
                .setLegendPosition(LegendPosition.OutsideE)
                .setLegendBorderColor(Color.WHITE);
        for (Series one : series) {
            chart.addSeries(one.key, one.seconds, one.values).setMarker(SeriesMarkers.NONE);
        }
        return chart;
    }
}
