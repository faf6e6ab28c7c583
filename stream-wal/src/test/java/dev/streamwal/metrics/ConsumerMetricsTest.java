package dev.streamwal.metrics;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.objectstore.ObjectStore;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The meters say what a consumer hasn't committed, how old that is, and what it lost. Each is bound after what is measured has happened, as a reading stays for a second. */
class ConsumerMetricsTest {

    private static final Instant NOW = Instant.parse("2026-05-01T00:00:00Z");

    @TempDir
    private Path directory;

    private final AtomicReference<Instant> time = new AtomicReference<>(NOW);

    private StreamWal open() {
        return StreamWal.open(directory.resolve("log"), WalOptions.builder().clock(time::get).window(Duration.ofMinutes(10)).retention(Duration.ofHours(1))
                .sweepInterval(Duration.ZERO).ownSegments(2).build());
    }

    private MeterRegistry bound(WalReader reader, String consumer) {
        MeterRegistry registry = new SimpleMeterRegistry();
        new ConsumerMetrics(reader, "test", consumer, time::get).bindTo(registry);
        return registry;
    }

    private static double gauge(MeterRegistry registry, String name) {
        return registry.get("streamwal.consumer." + name).tag("log", "test").gauge().value();
    }

    private static double lost(MeterRegistry registry) {
        return registry.get("streamwal.consumer.lost").tag("log", "test").functionCounter().count();
    }

    private static long lostBytes(WalReader reader) {
        LostRange range = reader.consumerLags("billing").get(0).lost().orElseThrow();
        return range.to() - range.from();
    }

    /** Each stream's oldest record is there: one of them is asked for, and no more. */
    @Test
    void lag_tierIsAway_itsTimeIsNotKnown() {
        ObjectStore store = new ObjectStore();
        WalOptions options = WalOptions.builder().clock(time::get).window(Duration.ofMinutes(10)).retention(Duration.ofDays(1)).sweepInterval(Duration.ZERO)
                .ownSegments(0).tier(store.folder()).tierAfter(Duration.ofMinutes(20)).build();
        try (StreamWal wal = StreamWal.open(directory.resolve("tiered"), options); WalReader reader = wal.reader()) {
            try (WalConsumer consumer = reader.consumer("billing", Keys.all())) {
                assertThat(consumer.committed("meter/0")).isEmpty();
                for (int stream = 0; stream < 10; stream++) {
                    EntryRef unusedRef = wal.stream("meter/" + stream).append(new byte[100]);
                }
                time.set(NOW.plus(Duration.ofHours(6)));
                int unusedSegments = wal.pack();
                assertThat(wal.moveToTier()).isPositive();
                AtomicInteger asked = new AtomicInteger();
                store.weather(new ObjectStore.Weather() {
                    @Override
                    public void before(ObjectStore.Call call, String object) throws IOException {
                        asked.incrementAndGet();
                        throw new ConnectException("connection refused");
                    }
                });
                MeterRegistry registry = bound(reader, "billing");
                assertThat(gauge(registry, "lag.time")).isNaN();
                int once = asked.get();
                assertThat(once).isBetween(1, 5);
                assertThat(gauge(registry, "lag")).isPositive();
                assertThat(gauge(registry, "streams.behind")).isEqualTo(10);
                store.weather(ObjectStore.Weather.FINE);
                assertThat(gauge(bound(reader, "billing"), "lag.time")).isEqualTo((double) Duration.ofHours(6).toSeconds());
            }
        }
    }

    @Test
    void lag_isOfAllStreams_andItsTimeThatOfTheOldestRecord() {
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            try (WalConsumer consumer = reader.consumer("billing", Keys.all())) {
                assertThat(gauge(bound(reader, "billing"), "lag")).isZero();
                wal.stream("a").append(NOW.toEpochMilli(), new byte[10]);
                time.set(NOW.plusSeconds(60));
                wal.stream("a").append(NOW.plusSeconds(60).toEpochMilli(), new byte[10]);
                wal.stream("b").append(NOW.plusSeconds(60).toEpochMilli(), new byte[10]);
                time.set(NOW.plusSeconds(90));

                MeterRegistry behind = bound(reader, "billing");
                assertThat(gauge(behind, "lag")).isEqualTo((double) reader.consumerLags("billing").stream().mapToLong(each -> each.behindBytes()).sum()).isPositive();
                assertThat(gauge(behind, "lag.time")).isEqualTo(90);
                assertThat(gauge(behind, "streams.behind")).isEqualTo(2);

                EntryTail entries = consumer.entries();
                while (entries.next()) {
                    consumer.commitDelivered();
                }
            }
            MeterRegistry done = bound(reader, "billing");
            assertThat(gauge(done, "lag")).isZero();
            assertThat(gauge(done, "lag.time")).isZero();
            assertThat(gauge(done, "streams.behind")).isZero();
            assertThat(lost(done)).isZero();
        }
    }

    @Test
    void lost_countsWhatWasDeletedBeforeItWasCommitted_once() throws InterruptedException {
        MeterRegistry registry = new SimpleMeterRegistry();
        double all;
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            reader.consumer("billing", Keys.all()).close();
            appendTwoHoursLater(wal);
            appendTwoHoursLater(wal);
            wal.sweep();
            long first = lostBytes(reader);
            new ConsumerMetrics(reader, "test", "billing", time::get).bindTo(registry);
            assertThat(lost(registry)).isPositive().isEqualTo((double) first);

            // the consumer stays where it is, and loses more
            appendTwoHoursLater(wal);
            wal.sweep();
            assertThat(lostBytes(reader)).isGreaterThan(first);
            all = lostBytes(reader);
            awaitReading(() -> lost(registry) > first);
            assertThat(lost(registry)).isEqualTo(all);

            // it goes on behind the loss, which stays counted
            try (WalConsumer consumer = reader.consumer("billing", Keys.all())) {
                EntryTail entries = consumer.entries();
                assertThatThrownBy(entries::next).isInstanceOf(EntryExpiredException.class);
                while (entries.next()) {
                    consumer.commitDelivered();
                }
            }
            assertThat(reader.consumerLags("billing").get(0).lost()).isEmpty();
            awaitReading(() -> gauge(registry, "lag") == 0);
            assertThat(lost(registry)).isEqualTo(all);

            // another loss counts from where the consumer had got to
            appendTwoHoursLater(wal);
            appendTwoHoursLater(wal);
            wal.sweep();
            awaitReading(() -> gauge(registry, "lag") > 0);
            all += lostBytes(reader);
            assertThat(lost(registry)).isEqualTo(all);
        }
        awaitReading(() -> Double.isNaN(gauge(registry, "lag")));
        assertThat(lost(registry)).isEqualTo(all);
    }

    private void appendTwoHoursLater(StreamWal wal) {
        time.updateAndGet(before -> before.plus(Duration.ofHours(2)));
        long unused = wal.stream("a").append(time.get().toEpochMilli(), new byte[10]).end();
    }

    /** A reading stays for a second, or longer where it took long. */
    private static void awaitReading(BooleanSupplier isRead) throws InterruptedException {
        for (int tries = 0; tries < 6_000 && !isRead.getAsBoolean(); tries++) {
            Thread.sleep(100);
        }
        assertThat(isRead.getAsBoolean()).isTrue();
    }

    /** That is where a consumer stands that doesn't go on, and where its lag is what somebody has to see. */
    @Test
    void damagedRecordThatIsNext_hasNoAge_andItsBytesCount() throws IOException {
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            reader.consumer("billing", Keys.all()).close();
            wal.stream("a").append(NOW.toEpochMilli(), "to be damaged".getBytes(UTF_8));
            time.set(NOW.plusSeconds(60));
            wal.stream("b").append(NOW.plusSeconds(60).toEpochMilli(), new byte[10]);
            time.set(NOW.plusSeconds(90));
            damage("to be damaged");
            MeterRegistry registry = bound(reader, "billing");
            assertThat(gauge(registry, "lag")).isEqualTo((double) reader.consumerLags("billing").stream().mapToLong(each -> each.behindBytes()).sum()).isPositive();
            assertThat(gauge(registry, "streams.behind")).isEqualTo(2);
            assertThat(gauge(registry, "lag.time")).isEqualTo(30);
            assertThat(lost(registry)).isZero();
        }
    }

    /** In place, as the writer has it mapped. */
    private void damage(String content) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".seg")).toList()) {
                int offset = Files.readString(file, ISO_8859_1).indexOf(content);
                if (offset >= 0) {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        assertThat(channel.write(ByteBuffer.wrap(new byte[] {'!'}), offset)).isEqualTo(1);
                    }
                    return;
                }
            }
        }
        throw new IllegalStateException("no segment has it: content=" + content);
    }

    @Test
    void secondOnes_whileTheFirstAreRegistered_areRefused() {
        MeterRegistry registry = new SimpleMeterRegistry();
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            ConsumerMetrics former = new ConsumerMetrics(reader, "test", "billing");
            former.bindTo(registry);
            new ConsumerMetrics(reader, "test", "another").bindTo(registry);
            ConsumerMetrics later = new ConsumerMetrics(reader, "test", "billing");
            assertThatThrownBy(() -> later.bindTo(registry)).isInstanceOf(IllegalStateException.class).hasMessageContaining("consumer=billing, log=test");
            former.close();
            later.bindTo(registry);
            assertThat(registry.getMeters()).hasSize(8);
        }
    }

    @Test
    void unknownConsumer_andClosedReader_areNaN() {
        MeterRegistry registry;
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            assertThat(gauge(bound(reader, "nobody"), "lag")).isNaN();
            reader.consumer("billing", Keys.all()).close();
            registry = bound(reader, "billing");
        }
        assertThat(gauge(registry, "lag")).isNaN();
        assertThat(gauge(registry, "lag.time")).isNaN();
    }

    @Test
    void close_removesTheMeters() {
        MeterRegistry registry = new SimpleMeterRegistry();
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            ConsumerMetrics metrics = new ConsumerMetrics(reader, "test", "billing");
            metrics.bindTo(registry);
            assertThat(registry.getMeters()).hasSize(4);
            metrics.close();
            metrics.close();
            assertThat(registry.getMeters()).isEmpty();
        }
    }
}
