package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Ten minutes of {@link SoakLoad}: what the process holds, sampled, has to be flat, and nothing of the log is left when it is closed. Writes
 * {@code <results>/<date>-<machine>-soak.md} and {@code .png}; fails where something grows. {@code bench/run soak} calls it; on Linux.
 *
 * <pre>
 *   bench/run soak [--quick] [--out folder]
 * </pre>
 */
public final class Soak {

    private static final int SECONDS = 600;
    private static final int QUICK_SECONDS = 40;
    private static final int SAMPLE_SECONDS = 2;
    private static final int QUARTERS = 4;
    private static final long MIB = 1 << 20;
    private static final int CHART_WIDTH = 640;
    private static final int CHART_HEIGHT = 280;
    private static final int COLUMNS = 2;

    /**
     * What may not grow.
     *
     * @param slack by how much the median of the run's last quarter may exceed the second's: more than it varies by from window to window, and less
     *     than a leak of one such thing a window would leave
     */
    private record Held(String name, String unit, ToLongFunction<ResourceSample> value, long scale, long slack) {

        double median(List<ResourceSample> samples) {
            long[] sorted = samples.stream().mapToLong(value).sorted().toArray();
            return (double) sorted[sorted.length / 2] / scale;
        }

        double most(List<ResourceSample> samples) {
            return (double) samples.stream().mapToLong(value).max().orElse(0) / scale;
        }

        boolean isFlat(List<ResourceSample> samples) {
            return median(quarter(samples, QUARTERS)) <= median(quarter(samples, 2)) + slack;
        }
    }

    /** What 120 windows may not add up to. */
    private static final List<Held> HELD = List.of(
            new Held("heap after a collection", "MiB", ResourceSample::heapBytes, MIB, 24),
            new Held("direct memory", "MiB", ResourceSample::directBytes, MIB, 24),
            new Held("open files", "files", ResourceSample::descriptors, 1, 40),
            new Held("mappings of the log", "mappings", ResourceSample::mappings, 1, 40),
            new Held("threads", "threads", ResourceSample::threads, 1, 4),
            new Held("files of the log", "files", ResourceSample::logFiles, 1, 40),
            new Held("bytes of the log", "MiB", ResourceSample::logBytes, MIB, 64),
            new Held("anonymous memory", "MiB", ResourceSample::anonymousBytes, MIB, 256));

    private final RunOptions options;
    private final int seconds;
    private final Path root = BenchFolder.fresh("soak");
    private final List<ResourceSample> samples = new ArrayList<>();
    private final List<String> left = new ArrayList<>();

    private Soak(RunOptions options) {
        this.options = options;
        this.seconds = options.quick() ? QUICK_SECONDS : SECONDS;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Soak soak = new Soak(RunOptions.of(args, 1));
        BenchFolder.deleteLeftovers();
        try {
            soak.write(soak.run());
        } finally {
            BenchFolder.deleteLeftovers();
        }
        // a quick run ends while the log still fills its retention
        List<String> growing = HELD.stream().filter(held -> !soak.options.quick() && !held.isFlat(soak.samples)).map(Held::name).toList();
        if (!growing.isEmpty() || !soak.left.isEmpty()) {
            System.out.println("growing: " + growing + ", left when the log was closed: " + soak.left);
            System.exit(1);
        }
    }

    /** The second one is when all is warm, and as much expires as comes. */
    private static List<ResourceSample> quarter(List<ResourceSample> samples, int number) {
        return samples.subList(samples.size() * (number - 1) / QUARTERS, samples.size() * number / QUARTERS);
    }

    private SoakLoad run() throws IOException, InterruptedException {
        SoakLoad load = new SoakLoad(root);
        try (load) {
            long start = System.nanoTime();
            for (int i = 0; i < seconds / SAMPLE_SECONDS; i++) {
                TimeUnit.SECONDS.sleep(SAMPLE_SECONDS);
                samples.add(ResourceSample.take((double) (System.nanoTime() - start) / TimeUnit.SECONDS.toNanos(1), root));
                load.check();
            }
        }
        lookForLeft();
        return load;
    }

    private void lookForLeft() throws IOException {
        long mappings = ResourceSample.mappingsOf(root);
        if (mappings > 0) {
            left.add(mappings + " mappings");
        }
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            descriptors.filter(this::isOfLog).forEach(descriptor -> left.add("open file " + descriptor));
        }
        Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.startsWith("stream-wal")).forEach(left::add);
    }

    private boolean isOfLog(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).startsWith(root.toAbsolutePath().normalize());
        } catch (IOException e) {
            // closed since it was listed
            return false;
        }
    }

    private void write(SoakLoad load) throws IOException {
        Files.createDirectories(root);
        Machine machine = Machine.describe(root);
        String chart = LocalDate.now(ZoneOffset.UTC) + "-" + machine.shortName() + "-soak";
        draw(options.out().resolve(chart));
        List<String> lines = new ArrayList<>(machine.heading(", soak", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                %,d keys, %,d appends a second, one of %d durable at once; windows of %d s, kept for %d s, packed, merged and swept; a follower of all keys, a consumer \
                of all keys that commits every thousand records and is opened again every 100,000, a reader that is opened and closed every 50 ms, and reads by \
                reference, the latest of 40 keys, and one key. %d s; %d samples, each behind a collection of garbage.""", SoakLoad.KEYS,
                SoakLoad.APPENDS_A_SECOND, SoakLoad.DURABLE_ONE_OF, SoakLoad.WINDOW.toSeconds(), SoakLoad.RETENTION.toSeconds(), seconds, samples.size()));
        lines.addAll(List.of("", "![what the process holds](" + chart + ".png)", "",
                "| | second quarter, median | last quarter, median | most | may grow by | |", "|---|--:|--:|--:|--:|---|"));
        for (Held held : HELD) {
            lines.add(String.format(Locale.ROOT, "| %s | %,.1f | %,.1f | %,.1f | %,d %s | %s |", held.name(), held.median(quarter(samples, 2)),
                    held.median(quarter(samples, QUARTERS)), held.most(samples), held.slack(), held.unit(), held.isFlat(samples) ? "flat" : "**grows**"));
        }
        lines.addAll(List.of("", "| | |", "|---|--:|", row("records appended", load.appended.get()), row("delivered to the follower", load.followed.get()),
                row("delivered to the consumer", load.consumed.get()), row("times that retention overtook either", load.lost.get()),
                row("records read otherwise", load.queries.get()), row("packs made", load.packs.get()), row("segments and packs deleted", load.deleted.get()),
                "| left when the log was closed | " + (left.isEmpty() ? "nothing" : String.join(", ", left)) + " |"));
        options.write(machine, "soak", lines);
    }

    private static String row(String name, long value) {
        return String.format(Locale.ROOT, "| %s | %,d |", name, value);
    }

    private void draw(Path file) throws IOException {
        Files.createDirectories(options.out());
        double[] times = samples.stream().mapToDouble(ResourceSample::second).toArray();
        List<XYChart> charts = new ArrayList<>();
        for (Held held : HELD) {
            XYChart chart = new XYChartBuilder().width(CHART_WIDTH).height(CHART_HEIGHT).title(held.name()).xAxisTitle("s").yAxisTitle(held.unit()).build();
            double[] values = samples.stream().mapToLong(held.value()).mapToDouble(value -> (double) value / held.scale()).toArray();
            chart.addSeries(held.name(), times, values).setMarker(SeriesMarkers.NONE);
            chart.getStyler().setLegendVisible(false);
            chart.getStyler().setYAxisMin(0.0);
            chart.getStyler().setYAxisMax(Math.max(1, Arrays.stream(values).max().orElse(1) * 1.2));
            charts.add(chart);
        }
        BitmapEncoder.saveBitmap(charts, charts.size() / COLUMNS, COLUMNS, file.toString(), BitmapFormat.PNG);
    }
}
