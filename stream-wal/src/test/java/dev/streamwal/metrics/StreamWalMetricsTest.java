package dev.streamwal.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.reader.WalReader;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each meter says what happened to the log; the page has all of them, the dashboard no others; and nothing of a closed log stays. */
class StreamWalMetricsTest {

    private static final Instant NOW = Instant.parse("2026-05-01T00:00:00Z");
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Path DOCS = Path.of(System.getProperty("basedir", ".")).resolve("../docs");
    private static final Path PAGE = DOCS.resolve("metrics.md");
    private static final Path DASHBOARD = DOCS.resolve("grafana/stream-wal.json");

    @TempDir
    private Path directory;

    private final AtomicReference<Instant> time = new AtomicReference<>(NOW);

    private StreamWal open() {
        return StreamWal.open(directory.resolve("log"), WalOptions.builder().clock(time::get).window(WINDOW).retention(Duration.ofHours(1))
                .sweepInterval(Duration.ZERO).ownSegments(2).build());
    }

    /** Bound after what is measured has happened, as a reading counts for a second. */
    private static MeterRegistry bound(StreamWal wal) {
        MeterRegistry registry = new SimpleMeterRegistry();
        new StreamWalMetrics(wal, "test").bindTo(registry);
        return registry;
    }

    private static double counter(MeterRegistry registry, String name, String... tags) {
        return registry.get(name).tag("log", "test").tags(tags).functionCounter().count();
    }

    private static double gauge(MeterRegistry registry, String name, String... tags) {
        return registry.get(name).tag("log", "test").tags(tags).gauge().value();
    }

    private static FunctionTimer timer(MeterRegistry registry, String name, String... tags) {
        return registry.get(name).tag("log", "test").tags(tags).functionTimer();
    }

    private static double longest(MeterRegistry registry, String name, String... tags) {
        return registry.get(name + ".max").tag("log", "test").tags(tags).timeGauge().value(TimeUnit.NANOSECONDS);
    }

    private static WriteEntry record(int bytes) {
        return WriteEntry.of(new byte[bytes]);
    }

    private static void assertTook(FunctionTimer timer, double longest, long count) {
        assertThat(timer.count()).isEqualTo((double) count);
        assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isPositive().isGreaterThanOrEqualTo(longest);
        assertThat(longest).isPositive();
    }

    /** The registry would keep the meters of the closed log, and the later ones would never be seen. */
    @Test
    void bindTo_ofALogThatWasOpenedAgain_whileTheFormerMetersAreThere_isRefused() {
        MeterRegistry registry = new SimpleMeterRegistry();
        StreamWalMetrics former;
        try (StreamWal wal = open()) {
            former = new StreamWalMetrics(wal, "test");
            former.bindTo(registry);
        }
        try (StreamWal wal = open()) {
            wal.stream("s").append(record(10));
            StreamWalMetrics later = new StreamWalMetrics(wal, "test");
            assertThatThrownBy(() -> later.bindTo(registry)).isInstanceOf(IllegalStateException.class).hasMessageContaining("log=test; close");
            former.close();
            later.bindTo(registry);
            assertThat(counter(registry, "streamwal.appends")).isEqualTo(1);
        }
    }

    @Test
    void appends_areCountedAndMeasured() {
        try (StreamWal wal = open()) {
            for (int i = 0; i < 5; i++) {
                wal.stream("s").append(record(100), Durability.IMMEDIATE);
            }
            wal.append(new WriteBatch().add("s", record(100)).add("t", record(100)), Durability.IMMEDIATE);
            for (int i = 0; i < 2_048; i++) {
                wal.stream("s").append(record(100), Durability.BUFFERED);
            }
            // another thread prepares segments meanwhile, and gauges tell what was read up to a second ago
            long bytesBefore = wal.stats().bytes();
            MeterRegistry registry = bound(wal);
            assertThat(counter(registry, "streamwal.appends")).isEqualTo(2_055);
            assertThat(counter(registry, "streamwal.append.bytes")).isBetween(2_055 * 100.0, 2_055 * 200.0).isEqualTo((double) wal.stats().appendedBytes());
            assertTook(timer(registry, "streamwal.append.duration", "durability", "immediate"),
                    longest(registry, "streamwal.append.duration", "durability", "immediate"), 6);
            assertTook(timer(registry, "streamwal.append.duration", "durability", "buffered"),
                    longest(registry, "streamwal.append.duration", "durability", "buffered"), 2);
            assertThat(timer(registry, "streamwal.append.duration", "durability", "periodic").count()).isZero();
            assertThat(counter(registry, "streamwal.flushes", "cause", "commit")).isPositive()
                    .isEqualTo(timer(registry, "streamwal.flush.duration", "cause", "commit").count());
            assertThat(longest(registry, "streamwal.flush.duration", "cause", "commit")).isPositive()
                    .isLessThan(longest(registry, "streamwal.append.duration", "durability", "immediate"));
            assertThat(timer(registry, "streamwal.append.stall", "cause", "rotation").count()).isPositive();
            assertThat(gauge(registry, "streamwal.journal.size")).isPositive();
            assertThat(gauge(registry, "streamwal.commit.waiters")).isZero();
            assertThat(gauge(registry, "streamwal.streams")).isEqualTo(2);
            assertThat(gauge(registry, "streamwal.segments", "kind", "own")).isEqualTo(2);
            assertThat(gauge(registry, "streamwal.size", "kind", "own")).isPositive().isBetween((double) bytesBefore, (double) wal.stats().bytes());
            assertThat(gauge(registry, "streamwal.failed")).isZero();
            assertThat(gauge(registry, "streamwal.degraded")).isZero();
        }
    }

    @Test
    void rejectedAppends_areCountedByReason() {
        try (StreamWal wal = open()) {
            long expired = NOW.minus(Duration.ofDays(1)).toEpochMilli();
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> wal.stream("s").append(expired, new byte[1])).isInstanceOf(TimestampOutOfRangeException.class);
            }
            assertThatThrownBy(() -> wal.stream("s").append(NOW.toEpochMilli(), new byte[1 << 16], new byte[1]));
            assertThatThrownBy(() -> wal.append(new WriteBatch().add("s", WriteEntry.of(new byte[1], expired))))
                    .isInstanceOf(TimestampOutOfRangeException.class);
            MeterRegistry registry = bound(wal);
            assertThat(counter(registry, "streamwal.append.rejected", "reason", "time")).isEqualTo(4);
            assertThat(counter(registry, "streamwal.append.rejected", "reason", "size")).isEqualTo(1);
            assertThat(counter(registry, "streamwal.append.rejected", "reason", "io")).isZero();
            assertThat(counter(registry, "streamwal.appends")).isZero();
        }
    }

    @Test
    void rotationPackingAndSweeps_areCounted() {
        try (StreamWal wal = open()) {
            for (int window = 0; window < 3; window++) {
                for (int stream = 0; stream < 10; stream++) {
                    wal.stream("stream/" + stream).append(new byte[100]);
                }
                time.updateAndGet(now -> now.plus(WINDOW));
            }
            assertThat(wal.pack()).isPositive();
            MeterRegistry packed = bound(wal);
            assertThat(counter(packed, "streamwal.packs")).isPositive();
            assertTook(timer(packed, "streamwal.pack.duration", "task", "shared"), longest(packed, "streamwal.pack.duration", "task", "shared"), 1);
            assertThat(counter(packed, "streamwal.segments.sealed")).isPositive();
            assertThat(gauge(packed, "streamwal.segments", "kind", "packed")).isPositive().isEqualTo(wal.stats().packedSegments());
            assertThat(gauge(packed, "streamwal.size", "kind", "packed")).isPositive().isEqualTo((double) wal.stats().packedBytes());
            assertThat(gauge(packed, "streamwal.segments", "kind", "shared")).isEqualTo(wal.stats().sharedSegments());
            assertThat(gauge(packed, "streamwal.write.amplification")).isGreaterThan(1);
            assertThat(gauge(packed, "streamwal.pack.backlog")).as("all of it is packed").isZero();

            int deleted = wal.sweep(NOW.plus(Duration.ofDays(1))).deletedSegments();
            MeterRegistry swept = bound(wal);
            assertThat(counter(swept, "streamwal.segments.deleted", "reason", "expired")).isPositive().isEqualTo(deleted);
            assertThat(counter(swept, "streamwal.segments.deleted", "reason", "purged")).isZero();
            assertTook(timer(swept, "streamwal.sweep.duration"), longest(swept, "streamwal.sweep.duration"), 1);
            assertThat(gauge(swept, "streamwal.segments.held")).isZero();
            assertThat(gauge(swept, "streamwal.segments", "kind", "packed")).isZero();
        }
        try (StreamWal wal = open()) {
            wal.stream("stream/1").append(new byte[100]);
            MeterRegistry reopened = bound(wal);
            assertThat(counter(reopened, "streamwal.appends")).isEqualTo(1);
            assertThat(counter(reopened, "streamwal.corruptions")).isZero();
            assertThat(counter(reopened, "streamwal.background.failures", "task", "other")).isZero();
        }
    }

    @Test
    void aReading_isForAllMetersOfAMoment() {
        try (StreamWal wal = open()) {
            LogReadings readings = new LogReadings();
            LogReadings.Reading first;
            LogReadings.Reading second;
            long begunNanos;
            // a reading is of a second
            do {
                begunNanos = System.nanoTime();
                first = readings.now(wal).orElseThrow();
                wal.stream("s").append(new byte[1]);
                second = readings.now(wal).orElseThrow();
            } while (!second.equals(first) && System.nanoTime() - begunNanos > TimeUnit.MILLISECONDS.toNanos(900));
            assertThat(second).isSameAs(first);
        }
    }

    // ---------------------------------------------------------------- the end

    @Test
    void closedLog_gaugesAreNaN_andCountersStay() throws InterruptedException {
        MeterRegistry registry;
        StreamWal wal = open();
        wal.stream("s").append(new byte[1]);
        registry = bound(wal);
        assertThat(counter(registry, "streamwal.appends")).isEqualTo(1);
        wal.close();
        Thread.sleep(1_100);
        assertThat(counter(registry, "streamwal.appends")).isEqualTo(1);
        assertThat(gauge(registry, "streamwal.streams")).isNaN();
        assertThat(longest(registry, "streamwal.sweep.duration")).isNaN();
        assertThatThrownBy(() -> new StreamWalMetrics(wal, "too late").bindTo(registry)).isInstanceOf(WalClosedException.class);
        assertThat(registry.find("streamwal.appends").tag("log", "too late").meters()).isEmpty();
    }

    @Test
    void droppedLog_isNotKeptByTheRegistry_norByTheMetrics() throws InterruptedException {
        MeterRegistry registry = new SimpleMeterRegistry();
        StreamWal wal = open();
        StreamWalMetrics metrics = new StreamWalMetrics(wal, "test");
        metrics.bindTo(registry);
        wal.stream("s").append(new byte[1]);
        assertThat(counter(registry, "streamwal.appends")).isEqualTo(1);
        wal.close();
        WeakReference<StreamWal> dropped = new WeakReference<>(wal);
        wal = null;
        for (int i = 0; i < 100 && dropped.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(dropped.get()).isNull();
        assertThat(registry.getMeters()).isNotEmpty();
        metrics.bindTo(new SimpleMeterRegistry());
        metrics.close();
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void close_removesTheMetersOfThisLogAlone() {
        MeterRegistry registry = new SimpleMeterRegistry();
        try (StreamWal wal = open(); StreamWalMetrics other = new StreamWalMetrics(wal, "two")) {
            StreamWalMetrics metrics = new StreamWalMetrics(wal, "one");
            metrics.bindTo(registry);
            other.bindTo(registry);
            int meters = registry.getMeters().size();
            metrics.close();
            metrics.close();
            assertThat(registry.getMeters()).hasSize(meters / 2).allSatisfy(meter -> assertThat(meter.getId().getTag("log")).isEqualTo("two"));
            assertThat(wal.stream("s").append(new byte[1])).isNotNull();
        }
    }

    // ---------------------------------------------------------------- the page and the dashboard

    /** Tags whose values the program gives. */
    private static final Set<String> OF_CALLER = Set.of("log", "consumer");

    private record Shown(String kind, Set<String> tags) {}

    private static MeterRegistry allBound(StreamWal wal, WalReader reader, MeterRegistry registry) {
        new StreamWalMetrics(wal, "test").bindTo(registry);
        new ConsumerMetrics(reader, "test", "billing").bindTo(registry);
        return registry;
    }

    private static String kind(Meter meter) {
        String kind = meter instanceof FunctionCounter ? "counter" : meter instanceof FunctionTimer ? "timer" : meter instanceof Gauge ? "gauge" : "?";
        String unit = meter.getId().getBaseUnit();
        return meter instanceof FunctionTimer || unit == null ? kind : kind + ", " + unit;
    }

    @Test
    void page_hasEveryMeter_itsKindAndItsTag() throws IOException {
        Map<String, Shown> there = new TreeMap<>();
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            for (Meter meter : allBound(wal, reader, new SimpleMeterRegistry()).getMeters()) {
                Set<String> tags = meter.getId().getTags().stream().map(tag -> tag.getKey()).filter(tag -> !OF_CALLER.contains(tag))
                        .collect(Collectors.toCollection(TreeSet::new));
                if (!meter.getId().getName().endsWith(".max")) {
                    there.put(meter.getId().getName(), new Shown(kind(meter), tags));
                }
                assertThat(meter.getId().getTag("log")).isEqualTo("test");
                assertThat(meter.getId().getDescription()).isNotBlank();
            }
        }
        Map<String, Shown> told = new TreeMap<>();
        Matcher rows = Pattern.compile("(?m)^\\| `(streamwal[.\\w]+)` \\| ([\\w, ]+) \\| (?:`(\\w+)`)? ?\\|[^|\\n]+\\|$").matcher(Files.readString(PAGE));
        while (rows.find()) {
            told.put(rows.group(1), new Shown(rows.group(2), rows.group(3) == null ? Set.of() : Set.of(rows.group(3))));
        }
        assertThat(told).isEqualTo(there);
    }

    @Test
    void page_hasEveryValueOfATag() throws IOException {
        String page = Files.readString(PAGE);
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            for (Meter meter : allBound(wal, reader, new SimpleMeterRegistry()).getMeters()) {
                String name = meter.getId().getName().replaceFirst("\\.max$", "");
                String row = page.lines().filter(line -> line.startsWith("| `" + name + "` |")).findFirst().orElseThrow();
                meter.getId().getTags().stream().filter(tag -> !OF_CALLER.contains(tag.getKey()))
                        .forEach(tag -> assertThat(row).contains("`" + tag.getValue() + "`"));
            }
        }
    }

    @Test
    void dashboardAndAlerts_haveMetricsThatExist() throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Set<String> there = new TreeSet<>();
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            MeterRegistry unused = allBound(wal, reader, registry);
            Pattern.compile("(?m)^(streamwal_\\w+)\\{").matcher(registry.scrape()).results().map(found -> found.group(1)).forEach(there::add);
        }
        assertThat(there).hasSizeGreaterThan(30);
        assertThat(metricsIn(DASHBOARD)).hasSizeGreaterThan(25);
        assertThat(there).containsAll(metricsIn(DASHBOARD)).containsAll(metricsIn(PAGE));
    }

    private static Set<String> metricsIn(Path file) throws IOException {
        return Pattern.compile("\\bstreamwal_\\w+").matcher(Files.readString(file)).results().map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
