package dev.streamwal.bench.compare;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How charts look: this log stands out, others have a colour each, limits are grey. Scales are logarithmic, as values range over decades. */
final class ChartStyle {

    private static final int WIDTH = 820;
    private static final int HEIGHT = 480;
    private static final Color OURS = new Color(0xD6, 0x27, 0x28);
    private static final Color OTHERS = new Color(0x5B, 0x7F, 0xA6);
    private static final Color LIMIT = new Color(0xA0, 0xA0, 0xA0);
    private static final Color GRID = new Color(0xE4, 0xE4, 0xE4);
    private static final Color[] SHADES = {new Color(0x1F, 0x4E, 0x79), new Color(0x5B, 0x9B, 0xD5), new Color(0xBD, 0xD7, 0xEE), new Color(0xDD, 0xE9, 0xF5)};
    private static final Map<String, Color> COLORS = Map.of("Chronicle Queue", new Color(0x1F, 0x77, 0xB4), "Artemis journal", new Color(0x17, 0xA8, 0xB8),
            "RocksDB", new Color(0x2C, 0x8C, 0x3C), "Kafka FileRecords", new Color(0x94, 0x67, 0xBD), "SQLite", new Color(0xE0, 0x8A, 0x1E),
            "LMDB", new Color(0x8C, 0x56, 0x4B), "Apache TsFile", new Color(0xE3, 0x77, 0xC2));
    private static final Marker[] LIMIT_MARKERS = {SeriesMarkers.CROSS, SeriesMarkers.PLUS, SeriesMarkers.TRIANGLE_UP};
    private static final String PATTERN = "#,##0";
    private static final float OUR_LINE = 4.5f;
    private static final float OTHER_LINE = 2.2f;
    private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 19);
    private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
    private static final Font LABEL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    /**
     * A group of bars, one for each contender.
     *
     * @param title in the legend
     */
    record Bars(String title, List<OptionalDouble> values) {}

    private ChartStyle() {}

    static XYChart lines(String title, String across, String up) {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title).xAxisTitle(across).yAxisTitle(up + " (log scale)").build();
        plain(chart.getStyler());
        chart.getStyler().setXAxisDecimalPattern(PATTERN);
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true).setLegendPosition(LegendPosition.OutsideE);
        return chart;
    }

    static void addLine(XYChart chart, Contender contender, List<Double> xs, List<Double> ys) {
        XYSeries series = chart.addSeries(contender.name(), xs, ys);
        boolean ours = contender.name().equals(Contenders.STREAM_WAL);
        series.setMarkerColor(color(contender)).setLineColor(color(contender));
        if (contender.limit()) {
            series.setLineStyle(new BasicStroke(OTHER_LINE, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 5}, 0));
            series.setMarker(LIMIT_MARKERS[chart.getSeriesMap().size() % LIMIT_MARKERS.length]);
        } else {
            series.setMarker(SeriesMarkers.CIRCLE).setLineStyle(new BasicStroke(ours ? OUR_LINE : OTHER_LINE, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        }
    }

    private static Color color(Contender contender) {
        if (contender.name().equals(Contenders.STREAM_WAL)) {
            return OURS;
        }
        return contender.limit() ? LIMIT : COLORS.getOrDefault(contender.name(), OTHERS);
    }

    static CategoryChart bars(String title, String up, List<Contender> contenders, List<Bars> groups) {
        CategoryChart chart = new CategoryChartBuilder().width(WIDTH).height(HEIGHT).title(title).yAxisTitle(up + " (log scale)").build();
        plain(chart.getStyler());
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setAvailableSpaceFill(0.82);
        List<String> names = contenders.stream().map(ChartStyle::shortName).toList();
        double lowest = groups.stream().flatMap(group -> group.values.stream()).filter(OptionalDouble::isPresent).mapToDouble(OptionalDouble::getAsDouble)
                .filter(value -> value > 0).min().orElse(1);
        chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(lowest / 1.5))));
        if (contenders.isEmpty()) {
            return chart;
        }
        if (groups.size() == 1) {
            oneByOne(chart, contenders, names, groups.get(0));
        } else {
            grouped(chart, names, groups);
        }
        return chart;
    }

    /** Names that fit below a bar. */
    private static String shortName(Contender contender) {
        return contender.name().replaceAll("Apache | Queue| journal| FileRecords", "").replace("mapped copy, CRC32C", "mapped+CRC");
    }

    /** A series for each contender, of which each has a colour. */
    private static void oneByOne(CategoryChart chart, List<Contender> contenders, List<String> names, Bars bars) {
        chart.getStyler().setLabelsVisible(true).setLabelsPosition(0.96).setLabelsFont(LABEL);
        chart.getStyler().setOverlapped(true).setLegendVisible(false);
        for (int i = 0; i < names.size(); i++) {
            Double[] values = new Double[names.size()];
            values[i] = bars.values.get(i).orElse(Double.NaN);
            boolean ours = contenders.get(i).name().equals(Contenders.STREAM_WAL);
            chart.addSeries(names.get(i), names, Arrays.asList(values)).setFillColor(ours ? OURS : contenders.get(i).limit() ? LIMIT : OTHERS);
        }
    }

    private static void grouped(CategoryChart chart, List<String> names, List<Bars> groups) {
        chart.getStyler().setLegendPosition(LegendPosition.OutsideS).setLegendLayout(LegendLayout.Horizontal);
        for (int i = 0; i < groups.size(); i++) {
            List<Double> values = new ArrayList<>();
            groups.get(i).values.forEach(value -> values.add(value.isPresent() ? Double.valueOf(value.getAsDouble()) : null));
            CategorySeries unused = chart.addSeries(groups.get(i).title, names, values);
            unused.setFillColor(SHADES[i % SHADES.length]);
        }
    }

    private static void plain(AxesChartStyler styler) {
        // not by a function: with one the library draws a scale that isn't logarithmic
        styler.setYAxisDecimalPattern(PATTERN);
        styler.setPlotGridLinesColor(GRID).setAxisTitleFont(TEXT).setAxisTickLabelsFont(TEXT).setPlotBorderVisible(false);
        styler.setChartBackgroundColor(Color.WHITE).setChartTitleFont(TITLE).setLegendFont(TEXT).setLegendBorderColor(Color.WHITE);
    }
}
