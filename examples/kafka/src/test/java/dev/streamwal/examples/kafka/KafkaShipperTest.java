package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When a shipper commits, and what it does where a batch isn't taken: with a producer that does as it is told. */
@Timeout(300)
class KafkaShipperTest {

    private static final String KEY = "meter/1";
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration RETENTION = Duration.ofHours(1);
    private static final Duration EXPIRED = Duration.ofHours(3);

    @TempDir
    private Path root;

    private volatile Instant now = START;
    private StreamWal wal;
    private WalReader reader;
    private WalConsumer consumer;
    private KafkaShipper shipper;
    private final RecordedEvents events = new RecordedEvents();
    private final ExecutorService threads = Executors.newSingleThreadExecutor();
    private final List<MockProducer<byte[], byte[]>> producers = new CopyOnWriteArrayList<>();
    /** As many as batches that take no more records. */
    private final AtomicInteger flushes = new AtomicInteger();

    @BeforeEach
    void open() {
        openLog();
        openConsumer();
    }

    private void openLog() {
        wal = StreamWal.open(root, WalOptions.builder().window(Duration.ofMinutes(1)).retention(RETENTION).clock(() -> now)
                .maxClockAdvance(Duration.ofDays(10)).sweepInterval(Duration.ZERO).build());
    }

    private void openConsumer() {
        reader = WalReader.open(root);
        consumer = reader.consumer("shipper", Keys.glob("meter/*"));
        shipper = shipper(this::producer);
    }

    private KafkaShipper shipper(Supplier<Producer<byte[], byte[]>> supplier) {
        return new KafkaShipper(consumer, supplier, new ShippedRecord.Target("readings", ""), events);
    }

    private MockProducer<byte[], byte[]> producer() {
        MockProducer<byte[], byte[]> producer = new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer()) {
            @Override
            public void flush() {
                flushes.incrementAndGet(); // and the test says when a record is acknowledged
            }
        };
        producers.add(producer);
        return producer;
    }

    @AfterEach
    void close() throws InterruptedException {
        stopShipping();
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        consumer.close();
        reader.close();
        wal.close();
    }

    private void stopShipping() {
        shipper.stop();
        producers.forEach(KafkaShipperTest::acknowledgeAll); // so that it isn't waited for
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

    private static void acknowledgeAll(MockProducer<byte[], byte[]> producer) {
        while (producer.completeNext()) {
            // the next one
        }
    }

    private int sent(int producer) {
        return producers.size() <= producer ? 0 : records(producer).size();
    }

    private List<ProducerRecord<byte[], byte[]>> committedRecords(int producer) {
        return producers.get(producer).history();
    }

    /** Also of a transaction that isn't committed. */
    private List<ProducerRecord<byte[], byte[]>> records(int producer) {
        List<ProducerRecord<byte[], byte[]>> all = new ArrayList<>(committedRecords(producer));
        all.addAll(producers.get(producer).uncommittedRecords());
        return all;
    }

    private List<String> texts(int producer) {
        return records(producer).stream().map(record -> new String(record.value(), UTF_8)).toList();
    }

    private List<EntryRef> append(int first, int end) {
        return IntStream.range(first, end).mapToObj(i -> wal.stream(KEY).append(String.valueOf(i).getBytes(UTF_8))).toList();
    }

    private long committed() {
        return consumer.committed(KEY).orElse(0);
    }

    private long end() {
        return wal.stream(KEY).endPosition();
    }

    @Test
    void run_commitsABatch_whenAllOfItIsAcknowledged() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        producers.get(0).completeNext();
        producers.get(0).completeNext();
        assertThat(committed()).isZero();
        assertThat(committedRecords(0)).isEmpty();
        producers.get(0).completeNext();
        await(() -> committed() == end());
        assertThat(texts(0)).containsExactly("0", "1", "2");
    }

    @Test
    void run_ofABatch_isOneTransaction() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        assertThat(producers.get(0).transactionInFlight()).isTrue();
        assertThat(producers.get(0).commitCount()).isZero();
        acknowledgeAll(producers.get(0));
        await(() -> producers.get(0).commitCount() == 1);
        assertThat(committedRecords(0)).hasSize(3);
    }

    /** Readers see nothing of the first attempt, though one record was taken. */
    @Test
    void run_afterABatchThatWasNotTaken_sendsAllOfItAgain() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        producers.get(0).completeNext();
        producers.get(0).errorNext(new TimeoutException("brokers are away"));
        producers.get(0).completeNext();
        await(() -> sent(1) == 3);
        assertThat(texts(1)).containsExactly("0", "1", "2");
        assertThat(producers.get(0).closed()).isTrue();
        assertThat(committedRecords(0)).isEmpty();
        assertThat(events.failures).hasSize(1);
        assertThat(committed()).isZero();
    }

    @Test
    void run_whereTheAnswerToACommitIsLost_sendsTheBatchAgain() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        producers.get(0).commitTransactionException = new TimeoutException("no answer");
        acknowledgeAll(producers.get(0));
        await(() -> sent(1) == 3);
        assertThat(committed()).isZero();
        acknowledgeAll(producers.get(1));
        await(() -> committed() == end());
    }

    @Test
    void run_whereTheLogTakesNoCommit_triesThatAgain_andSendsNothingTwice() throws Exception {
        append(0, 3);
        ship();
        await(() -> sent(0) == 3);
        Path cursors = root.resolve("cursors");
        Path away = Files.move(cursors, root.resolve("away"));
        acknowledgeAll(producers.get(0));
        await(() -> events.restsMillis.size() >= 2);
        assertThat(events.restsMillis).startsWith(100L, 200L);
        assertThat(committed()).isZero();
        assertThat(Files.move(away, cursors)).isDirectory();
        await(() -> committed() == end());
        append(3, 4);
        await(() -> sent(0) == 4);
        assertThat(producers).hasSize(1);
        assertThat(texts(0)).containsExactly("0", "1", "2", "3");
    }

    /** As where its file system is away when a shipper begins. */
    @Test
    void run_whereTheLogCantBeRead_triesAgain() throws Exception {
        append(0, 3);
        Path segments = root.resolve("segments");
        Path away = Files.move(segments, root.resolve("away"));
        Files.writeString(segments, "no folder");
        Future<?> shipping = ship();
        await(() -> events.restsMillis.size() >= 2 || shipping.isDone());
        assertThat(events.failures).allMatch(WalIOException.class::isInstance);
        assertThat(events.restsMillis).startsWith(100L, 200L);
        Files.delete(segments);
        assertThat(Files.move(away, segments)).isDirectory();
        await(() -> !producers.isEmpty() && sent(producers.size() - 1) == 3);
        acknowledgeAll(producers.get(producers.size() - 1));
        await(() -> committed() == end());
    }

    @Test
    void run_ofMoreRecordsThanABatchHas_waitsForTheFirstOne() throws Exception {
        append(0, KafkaShipper.MAX_BATCH_RECORDS + 1);
        ship();
        await(() -> sent(0) == KafkaShipper.MAX_BATCH_RECORDS);
        for (int i = 1; i < KafkaShipper.MAX_BATCH_RECORDS; i++) {
            producers.get(0).completeNext();
        }
        assertThat(sent(0)).isEqualTo(KafkaShipper.MAX_BATCH_RECORDS);
        producers.get(0).completeNext();
        await(() -> sent(0) == KafkaShipper.MAX_BATCH_RECORDS + 1);
    }

    @Test
    void run_ofMoreBytesThanABatchHas_waitsForTheFirstOne() throws Exception {
        byte[] large = new byte[KafkaShipper.MAX_BATCH_BYTES / 2];
        IntStream.range(0, 3).forEach(i -> wal.stream(KEY).append(large));
        ship();
        await(() -> sent(0) == 2);
        producers.get(0).completeNext();
        assertThat(sent(0)).isEqualTo(2);
        producers.get(0).completeNext();
        await(() -> sent(0) == 3);
    }

    /** The names of servers have no addresses now and then; that fails where a producer is made. */
    @Test
    void run_whileThereAreNoBrokers_restsLongerEachTime_andFromTheBeginningAgainAfterwards() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        shipper = shipper(() -> {
            if (attempts.getAndIncrement() < 3) {
                throw new KafkaException("no address");
            }
            return producer();
        });
        append(0, 1);
        ship();
        await(() -> sent(0) == 1);
        assertThat(events.restsMillis).containsExactly(100L, 200L, 400L);
        acknowledgeAll(producers.get(0));
        await(() -> committed() == end());
        append(1, 2);
        await(() -> sent(0) == 2);
        producers.get(0).errorNext(new TimeoutException("brokers are away"));
        await(() -> sent(1) == 1);
        assertThat(events.restsMillis).containsExactly(100L, 200L, 400L, 100L);
    }

    @Test
    void stop_whileTheBrokersAreAway_endsTheRun() throws Exception {
        Map<String, Object> settings = KafkaShipper.producerSettings("127.0.0.1:" + KafkaBroker.freePort(), "test");
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 200);
        shipper = shipper(() -> new KafkaProducer<>(settings));
        append(0, 1);
        Future<?> shipping = ship();
        await(() -> events.failures.size() >= 2);
        shipper.stop();
        assertThat(shipping.get(300, TimeUnit.SECONDS)).isNull();
        assertThat(events.failures).allMatch(TimeoutException.class::isInstance);
        assertThat(committed()).isZero();
    }

    @Test
    void stop_whileNothingComes_endsTheRun() throws Exception {
        Future<?> shipping = ship();
        await(() -> !producers.isEmpty());
        shipper.stop();
        assertThat(shipping.get(300, TimeUnit.SECONDS)).isNull();
        assertThat(producers.get(0).closed()).isTrue();
    }

    @Test
    void stop_whileABatchIsOnItsWay_commitsIt() throws Exception {
        append(0, 1);
        Future<?> shipping = ship();
        await(() -> sent(0) == 1);
        shipper.stop();
        acknowledgeAll(producers.get(0));
        assertThat(shipping.get(300, TimeUnit.SECONDS)).isNull();
        assertThat(committed()).isEqualTo(end());
    }

    @Test
    void interrupt_endsTheRun() throws Exception {
        append(0, 1);
        Future<?> shipping = ship();
        await(() -> sent(0) == 1);
        threads.shutdownNow();
        assertThatThrownBy(() -> shipping.get(300, TimeUnit.SECONDS)).hasCauseInstanceOf(InterruptedException.class);
        assertThat(committed()).isZero();
        assertThat(events.failures).isEmpty();
    }

    /** Beside it others fail, for no other reason than that their transaction does. */
    @Test
    void run_ofARecordThatIsNeverTaken_ends_andNamesIt() throws Exception {
        List<EntryRef> refs = append(0, 2);
        Future<?> shipping = ship();
        await(() -> sent(0) == 2);
        producers.get(0).errorNext(new TransactionAbortedException());
        producers.get(0).errorNext(new RecordTooLargeException("too large"));
        assertThatThrownBy(() -> shipping.get(300, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                .hasRootCauseInstanceOf(RecordTooLargeException.class).hasMessageContaining(refs.get(1).toString());
        assertThat(events.failures).isEmpty();
        assertThat(committed()).isZero();
    }

    /** As Kafka's producer does, which fails what waits to be sent with the exception of the record that it refused. */
    private static final class TakesOne extends MockProducer<byte[], byte[]> {

        private static final RecordTooLargeException TOO_LARGE = new RecordTooLargeException("too large");

        private int taken;

        TakesOne() {
            super(false, null, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> sent, Callback callback) {
            if (taken++ == 0) {
                return super.send(sent, callback);
            }
            callback.onCompletion(new RecordMetadata(new TopicPartition(sent.topic(), 0), -1, -1, -1, -1, -1), TOO_LARGE);
            assertThat(errorNext(TOO_LARGE)).isTrue();
            return CompletableFuture.failedFuture(TOO_LARGE);
        }
    }

    @Test
    void run_ofARecordThatIsRefusedAtOnce_namesIt_andNotTheOnesBeforeIt() throws Exception {
        List<EntryRef> refs = append(0, 2);
        shipper = shipper(TakesOne::new);
        Future<?> shipping = ship();
        assertThatThrownBy(() -> shipping.get(300, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                .hasRootCauseInstanceOf(RecordTooLargeException.class).hasMessageContaining(refs.get(1).toString());
        assertThat(committed()).isZero();
    }

    @Test
    void run_whereRecordsExpiredBefore_tellsWhich() throws Exception {
        List<EntryRef> expired = append(0, 2);
        now = START.plus(EXPIRED);
        List<EntryRef> left = append(2, 3);
        assertThat(wal.sweep().deletedSegments()).isPositive();
        ship();
        await(() -> sent(0) == 1);
        assertThat(events.losses).containsExactly(RecordedEvents.range(KEY, expired.get(0).position(), left.get(0).position()));
        assertThat(texts(0)).containsExactly("2");
    }

    @Test
    void run_whereRecordsExpireMeanwhile_tellsWhich_andGoesOnBehindThem() throws Exception {
        append(0, 2);
        ship();
        await(() -> sent(0) == 2 && flushes.get() == 1);
        now = START.plus(EXPIRED);
        List<EntryRef> expired = append(2, 4);
        now = now.plus(EXPIRED);
        List<EntryRef> left = append(4, 5);
        assertThat(wal.sweep().deletedSegments()).isPositive();
        acknowledgeAll(producers.get(0));
        await(() -> sent(0) == 3);
        assertThat(events.losses).containsExactly(RecordedEvents.range(KEY, expired.get(0).position(), left.get(0).position()));
        assertThat(texts(0)).containsExactly("0", "1", "4");
    }

    @Test
    void run_whereAStreamCameAgainAfterARestart_tellsWhatMayBeLost() throws Exception {
        append(0, 1);
        Future<?> shipping = ship();
        await(() -> sent(0) == 1);
        acknowledgeAll(producers.get(0));
        await(() -> committed() == end());
        long committed = committed();
        stopShipping();
        assertThat(shipping.get(300, TimeUnit.SECONDS)).isNull();
        consumer.close();
        reader.close();
        append(1, 2);
        now = START.plus(EXPIRED);
        assertThat(wal.sweep().deletedSegments()).isPositive();
        wal.close();
        openLog();
        List<EntryRef> again = append(2, 3);
        openConsumer();
        ship();
        await(() -> sent(1) == 1);
        assertThat(events.losses).containsExactly(RecordedEvents.range(KEY, committed, again.get(0).position()) + "?");
        assertThat(texts(1)).containsExactly("2");
    }

    @Test
    void run_whereARecordIsDamaged_tellsOfIt_andShipsTheOthers() throws Exception {
        append(0, 1);
        EntryRef damaged = wal.stream(KEY).append("to be damaged".getBytes(UTF_8));
        append(1, 2);
        damage("to be damaged");
        ship();
        await(() -> sent(0) == 2);
        assertThat(texts(0)).containsExactly("0", "1");
        assertThat(events.unreadable).singleElement().satisfies(cause -> assertThat(cause.position()).isEqualTo(damaged.position()));
    }

    /** In place, as the writer has it mapped. */
    private void damage(String content) throws IOException {
        for (Path file : segments()) {
            int offset = Files.readString(file, ISO_8859_1).indexOf(content);
            if (offset >= 0) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    assertThat(channel.write(ByteBuffer.wrap(new byte[] {'!'}), offset)).isEqualTo(1);
                }
                return;
            }
        }
        throw new IllegalStateException("no segment has it: content=" + content);
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(each -> each.toString().endsWith(".seg")).toList();
        }
    }
}
