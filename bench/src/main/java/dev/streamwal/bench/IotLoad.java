package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A load in the shape that <a href="https://github.com/thulab/iot-benchmark">iot-benchmark</a> generates for time-series databases: devices with sensors, rows of
 * all sensors of a device in batches, some of them out of order, and then queries of its kinds while the writing goes on. Its own clients speak to a
 * server; this log has none, so the load is in the process, and what a database would compute (filters, aggregates, groups) the program does. Writes
 * {@code <results>/<date>-<machine>-iot.md}; {@code bench/run iot} calls it. Takes five minutes.
 *
 * <pre>
 *   bench/run iot [--quick] [--out folder]
 * </pre>
 */
public final class IotLoad {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    /** As DEVICE_NUMBER, CLIENT_NUMBER, BATCH_SIZE_PER_WRITE, POINT_STEP, OUT_OF_ORDER_RATIO and QUERY_INTERVAL there. */
    private static final int DEVICES = 50;
    private static final int CLIENTS = 5;
    private static final int BATCH = 100;
    private static final int STEP_MILLIS = 200;
    private static final double OUT_OF_ORDER = 0.1;
    private static final long QUERY_MILLIS = 250_000;
    /** Limit of how far a point is out of order. */
    private static final int MAX_LATE_POINTS = 50;
    private static final int SENSORS = 100;
    private static final int LOOPS = 20;
    private static final int MIXED_LOOPS = 10;
    private static final int QUICK_SENSORS = 5;
    private static final int QUERIES = 2_000;
    private static final int QUICK_QUERIES = 20;
    private static final int GROUP_MILLIS = 20_000;
    private static final double FILTER = 0.5;

    private final RunOptions options;
    private final int sensors;
    private final int queries;
    private final AtomicLong nowMillis = new AtomicLong(BEGIN.toEpochMilli());

    /** What iot-benchmark asks, by its numbers, and how it is computed from a sensor's points. */
    private enum Query {
        PRECISE_POINT("Q1, a point by its time", STEP_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return valuesOf(points.stream());
            }
        },
        RANGE("Q2, a range of 250 s", QUERY_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return valuesOf(points.stream());
            }
        },
        RANGE_BY_VALUE("Q3, those of it above a value", QUERY_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return valuesOf(high(points));
            }
        },
        AGGREGATE("Q4, their number, sum, least and greatest", QUERY_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return figures(points.stream());
            }
        },
        AGGREGATE_BY_VALUE("Q5 and Q6, the same above a value", QUERY_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return figures(high(points));
            }
        },
        GROUPS("Q7, means of 20 s each", QUERY_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                Map<Long, Double> means = points.stream()
                        .collect(Collectors.groupingBy(point -> (point.millis() - from) / GROUP_MILLIS, TreeMap::new, Collectors.averagingDouble(Point::value)));
                return List.copyOf(means.values());
            }
        },
        LATEST("Q8, the latest point", 0) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return valuesOf(points.stream());
            }
        },
        RANGE_BACKWARDS("Q9 and Q10, a range from its end", QUERY_MILLIS) {
            @Override
            List<Double> answer(List<Point> points, long from) {
                return valuesOf(points.stream().sorted(Comparator.comparingLong(Point::millis).reversed()));
            }
        };

        private final String text;
        private final long rangeMillis;

        Query(String text, long rangeMillis) {
            this.text = text;
            this.rangeMillis = rangeMillis;
        }

        abstract List<Double> answer(List<Point> points, long from);

        private static Stream<Point> high(List<Point> points) {
            return points.stream().filter(point -> point.value() > FILTER);
        }

        private static List<Double> valuesOf(Stream<Point> points) {
            return points.map(Point::value).toList();
        }

        private static List<Double> figures(Stream<Point> points) {
            DoubleSummaryStatistics figures = points.mapToDouble(Point::value).summaryStatistics();
            return List.of((double) figures.getCount(), figures.getSum(), figures.getMin(), figures.getMax());
        }
    }

    private IotLoad(RunOptions options) {
        this.options = options;
        this.sensors = options.quick() ? QUICK_SENSORS : SENSORS;
        this.queries = options.quick() ? QUICK_QUERIES : QUERIES;
    }

    public static void main(String[] args) throws Exception {
        IotLoad load = new IotLoad(RunOptions.of(args, 1));
        BenchFolder.deleteLeftovers();
        try {
            load.run();
        } finally {
            BenchFolder.deleteLeftovers();
        }
    }

    private void run() throws Exception {
        Path root = BenchFolder.fresh("iot");
        Machine machine = Machine.describe(Files.createDirectories(root));
        List<String> lines = new ArrayList<>(machine.heading(", the load of iot-benchmark", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                %d devices with %d sensors each, a stream for each; a write is %d rows of a device, %d ms apart, with 8 bytes a point; %.0f %% of the points are out of order, by up to %d. %d clients, \
                options by default, on a driven clock. Then the same again while one more thread asks for one sensor of one device at a time; what is asked for is computed from the records. Each answer is compared with what was written.""",
                DEVICES, sensors, BATCH, STEP_MILLIS, OUT_OF_ORDER * 100, MAX_LATE_POINTS, CLIENTS));
        WalOptions settings = WalOptions.builder().sweepInterval(Duration.ofSeconds(1)).clock(() -> Instant.ofEpochMilli(nowMillis.get())).build();
        try (StreamWal wal = StreamWal.open(root, settings); WalReader reader = wal.reader()) {
            double alone = write(wal, 0, LOOPS);
            List<String> rows = new ArrayList<>();
            double[] beside = new double[1];
            FutureTask<?> asking = new FutureTask<>(() -> ask(reader, rows), null);
            new Thread(asking, "iot-queries").start();
            int loop = LOOPS;
            do {
                beside[0] = write(wal, loop, MIXED_LOOPS);
                loop += MIXED_LOOPS;
            } while (!asking.isDone() && !options.quick());
            asking.get();
            lines.addAll(List.of("", "| written, points/s | |", "|---|--:|", String.format(Locale.ROOT, "| alone | %,.0f |", alone),
                    String.format(Locale.ROOT, "| beside queries | %,.0f |", beside[0]), "", "| asked, while it is written | /s | 50 % | 99 % |", "|---|--:|--:|--:|"));
            lines.addAll(rows);
            lines.addAll(List.of("", String.format(Locale.ROOT, "Written for each byte appended: %.1f. Bytes a point on the disk, when the run ends and not all is packed: %.1f; files: %,d.",
                    wal.stats().writeAmplification(), wal.stats().bytes() / ((double) loop * DEVICES * sensors * BATCH), BenchFolder.files(root))));
        }
        options.write(machine, "iot", lines);
    }

    private static String key(int device, int sensor) {
        return "d_" + device + "/s_" + sensor;
    }

    /** The rate, points a second. */
    private double write(StreamWal wal, int firstLoop, int loops) throws Exception {
        long start = System.nanoTime();
        try (Workers clients = new Workers(CLIENTS)) {
            for (int loop = firstLoop; loop < firstLoop + loops; loop++) {
                long begin = BEGIN.toEpochMilli() + (long) loop * BATCH * STEP_MILLIS;
                clients.run(DEVICES, (client, count) -> {
                    for (int device = client * count; device < (client + 1) * count; device++) {
                        writeRows(wal, device, begin);
                    }
                });
                nowMillis.set(begin + (long) BATCH * STEP_MILLIS);
            }
        }
        return (double) loops * DEVICES * sensors * BATCH / ((System.nanoTime() - start) / 1e9);
    }

    private void writeRows(StreamWal wal, int device, long begin) {
        for (int sensor = 0; sensor < sensors; sensor++) {
            List<WriteEntry> points = new ArrayList<>(BATCH);
            for (Point point : batch(device, sensor, begin)) {
                points.add(WriteEntry.of(ByteBuffer.allocate(Double.BYTES).putDouble(point.value()).array(), point.millis()));
            }
            List<EntryRef> unused = wal.stream(key(device, sensor)).appendBatch(points);
        }
    }

    /** The points that a sensor has in the batch which begins at a time; the same at each call. */
    private static List<Point> batch(int device, int sensor, long begin) {
        SplittableRandom random = new SplittableRandom((begin * DEVICES + device) * SENSORS + sensor);
        List<Point> points = new ArrayList<>(BATCH);
        for (int row = 0; row < BATCH; row++) {
            int late = random.nextDouble() < OUT_OF_ORDER ? random.nextInt(MAX_LATE_POINTS) : 0;
            points.add(new Point(begin + (long) Math.max(0, row - late) * STEP_MILLIS, random.nextDouble()));
        }
        return points;
    }

    /** The points that were written of a range of time, in their order. */
    private static List<Point> written(int device, int sensor, long from, long millis) {
        List<Point> points = new ArrayList<>();
        long batchMillis = (long) BATCH * STEP_MILLIS;
        long first = (from - BEGIN.toEpochMilli()) / batchMillis * batchMillis + BEGIN.toEpochMilli();
        for (long begin = first; begin < from + millis; begin += batchMillis) {
            batch(device, sensor, begin).stream().filter(point -> point.millis() >= from && point.millis() < from + millis).forEach(points::add);
        }
        return points;
    }

    private void ask(WalReader reader, List<String> rows) {
        Random random = new Random(1);
        long[] nanos = new long[queries];
        long written = (long) LOOPS * BATCH * STEP_MILLIS;
        for (Query query : Query.values()) {
            for (int i = 0; i < queries; i++) {
                int device = random.nextInt(DEVICES);
                int sensor = random.nextInt(sensors);
                String key = key(device, sensor);
                long from = BEGIN.toEpochMilli() + (long) (random.nextDouble() * (written - QUERY_MILLIS)) / STEP_MILLIS * STEP_MILLIS;
                long start = System.nanoTime();
                List<Double> answer = query.answer(points(reader, query, key, from), from);
                nanos[i] = System.nanoTime() - start;
                if (!isRight(answer, query, device, sensor, from)) {
                    throw new IllegalStateException("wrong answer: query=" + query + ", key=" + key + ", from=" + from + ", answer=" + answer);
                }
            }
            double rate = queries / (Arrays.stream(nanos).sum() / 1e9);
            Arrays.sort(nanos);
            rows.add(String.format(Locale.ROOT, "| %s | %,.0f | %,.0f µs | %,.0f µs |", query.text, rate, nanos[queries / 2] / 1e3, nanos[queries * 99 / 100] / 1e3));
        }
    }

    /** Of the latest point, which another thread replaces meanwhile, only that there is one. */
    private static boolean isRight(List<Double> answer, Query query, int device, int sensor, long from) {
        return query == Query.LATEST ? answer.size() == 1 : answer.equals(query.answer(written(device, sensor, from, query.rangeMillis), from));
    }

    private record Point(long millis, double value) {}

    private static List<Point> points(WalReader reader, Query query, String key, long from) {
        List<Point> points = new ArrayList<>();
        if (query == Query.LATEST) {
            reader.latest(key).ifPresent(entry -> points.add(new Point(entry.timestampMillis(), entry.content().getDouble(entry.content().readerIndex()))));
            return points;
        }
        try (EntryCursor cursor = reader.scan(key, Instant.ofEpochMilli(from), Instant.ofEpochMilli(from + query.rangeMillis))) {
            while (cursor.next()) {
                points.add(new Point(cursor.timestampMillis(), cursor.content().getDouble(cursor.content().readerIndex())));
            }
        }
        return points;
    }
}
