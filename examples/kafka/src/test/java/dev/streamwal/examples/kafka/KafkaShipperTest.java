package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When a shipper commits, and what it does where a batch isn't taken: with a producer that does as it is told. */
@Timeout(60)
class KafkaShipperTest implements KafkaShipper.Events {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path root;

    private Instant now = START;
    private StreamWal wal;
    private WalReader reader;
    private WalConsumer consumer;
    private KafkaShipper shipper;
    private final ExecutorService threads = Executors.newSingleThreadExecutor();
    private final List<MockProducer<byte[], byte[]>> producers = new CopyOnWriteArrayList<>();
    private final List<String> losses = new CopyOnWriteArrayList<>();
    private final List<KafkaException> failures = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() {
        wal = StreamWal.open(root, WalOptions.builder().window(Duration.ofMinutes(1)).retention(Duration.ofHours(1)).clock(() -> now)
                .maxClockAdvance(Duration.ofDays(10)).sweepInterval(Duration.ZERO).build());
        reader = WalReader.open(root);
        consumer = reader.consumer("shipper", Keys.glob("meter/*"));
        shipper = new KafkaShipper(consumer, this::producer, "readings", this);
    }

    private MockProducer<byte[], byte[]> producer() {
        MockProducer<byte[], byte[]> producer = new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer()) {
            @Override
            public void flush() {
                // the test says when a record is acknowledged
            }
        };
        producers.add(producer);
        return producer;
    }

    @Override
    public void lost(String key, long from, long to, boolean isCertain) {
        losses.add(key + "[" + from + ", " + to + ")" + (isCertain ? "" : "?"));
    }

    @Override
    public void failed(KafkaException cause, long restMillis) {
        failures.add(cause);
    }

    @AfterEach
    void close() throws Exception {
        shipper.stop();
        producers.forEach(each -> {
            while (each.completeNext()) {
                // so that the shipper isn't waiting for it
            }
        });
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        consumer.close();
        reader.close();
        wal.close();
    }

    private Future<?> ship() {
        return threads.submit(() -> {
            shipper.run();
            return null;
        });
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    private int sent(int producer) {
        return producers.size() <= producer ? 0 : records(producer).size();
    }

    /** Also of a transaction that isn't committed. */
    private List<ProducerRecord<byte[], byte[]>> records(int producer) {
        List<ProducerRecord<byte[], byte[]>> all = new ArrayList<>(producers.get(producer).history());
        all.addAll(producers.get(producer).uncommittedRecords());
        return all;
    }

    private void append(int first, int end) {
        for (int i = first; i < end; i++) {
            wal.stream("meter/1").append(String.valueOf(i).getBytes(UTF_8));
        }
    }

    private List<String> texts(int producer) {
        return records(producer).stream().map(record -> new String(record.value(), UTF_8)).toList();
    }

    @Test
    void run_commitsABatch_whenAllOfItIsAcknowledged() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        long before = consumer.committed("meter/1").orElse(0);
        producers.get(0).completeNext();
        producers.get(0).completeNext();
        assertThat(consumer.committed("meter/1").orElse(0)).isEqualTo(before);
        producers.get(0).completeNext();
        await(() -> consumer.committed("meter/1").orElse(0) == wal.stream("meter/1").endPosition());
        assertThat(texts(0)).containsExactly("0", "1", "2");
    }

    @Test
    void run_ofABatch_isOneTransaction() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        assertThat(producers.get(0).transactionInFlight()).isTrue();
        assertThat(producers.get(0).commitCount()).isZero();
        while (producers.get(0).completeNext()) {
            assertThat(producers.get(0).commitCount()).isLessThanOrEqualTo(1);
        }
        await(() -> producers.get(0).commitCount() == 1);
    }

    @Test
    void run_afterABatchThatWasNotTaken_sendsAllOfItAgain() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        producers.get(0).completeNext();
        producers.get(0).errorNext(new TimeoutException("brokers are away"));
        await(() -> sent(1) == 3);
        assertThat(texts(1)).containsExactly("0", "1", "2");
        assertThat(producers.get(0).closed()).isTrue();
        assertThat(failures).hasSize(1);
        assertThat(consumer.committed("meter/1").orElse(0)).isLessThan(wal.stream("meter/1").endPosition());
    }

    @Test
    void run_ofMoreThanABatch_waitsForTheFirstOne() throws Exception {
        append(0, KafkaShipper.MAX_BATCH_RECORDS + 1);
        ship();
        await(() -> sent(0) == KafkaShipper.MAX_BATCH_RECORDS);
        while (producers.get(0).completeNext()) {
            assertThat(sent(0)).isLessThanOrEqualTo(KafkaShipper.MAX_BATCH_RECORDS + 1);
        }
        await(() -> sent(0) == KafkaShipper.MAX_BATCH_RECORDS + 1);
    }

    @Test
    void run_ofARecordThatIsNeverTaken_ends() throws Exception {
        append(0, 1);
        Future<?> shipping = ship();
        await(() -> sent(0) == 1);
        producers.get(0).errorNext(new RecordTooLargeException("too large"));
        assertThatThrownBy(() -> shipping.get(30, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(RecordTooLargeException.class);
        assertThat(failures).isEmpty();
    }

    @Test
    void run_whereRecordsExpiredBefore_tellsWhich() throws Exception {
        append(0, 2);
        long end = wal.stream("meter/1").endPosition();
        now = START.plus(Duration.ofHours(3));
        append(2, 3);
        assertThat(wal.sweep().deletedSegments()).isPositive();
        ship();
        await(() -> sent(0) == 1);
        assertThat(losses).singleElement().asString().startsWith("meter/1[0, ").doesNotContain("?");
        assertThat(end).isPositive();
        assertThat(texts(0)).containsExactly("2");
    }

    @Test
    void stop_whileNothingComes_endsTheRun() throws Exception {
        Future<?> shipping = ship();
        await(() -> !producers.isEmpty());
        shipper.stop();
        assertThat(shipping.get(30, TimeUnit.SECONDS)).isNull();
    }
}
