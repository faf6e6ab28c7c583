package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What arrives at a broker, which is a process of its own. */
@Tag("long")
@Timeout(300)
class KafkaShippingTest {

    private static final int SHIPPERS_KILLED = 3;
    private static final int BATCH = 700;

    @TempDir
    private static Path brokersFolder;

    private static KafkaBroker broker;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = new KafkaBroker(brokersFolder);
    }

    @AfterAll
    static void killBroker() {
        broker.close();
    }

    /** A writer that appends all the time, beside shippers in processes of their own that are killed at random moments; then the broker is stopped, and killed. */
    @Test
    void everyRecordArrives_inOrder_thoughShippersAndBrokerEnd() throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        broker.makeTopic("killed");
        try (StreamWal wal = StreamWal.open(folder.resolve("log")); ArrivedRecords arrived = new ArrivedRecords(broker, "killed")) {
            Process shipper;
            Map<String, List<String>> appended;
            try (SteadyWriter writer = new SteadyWriter(wal)) {
                for (int i = 0; i < SHIPPERS_KILLED; i++) {
                    shipper = startShipper("killed");
                    arrived.readUntil(arrived.count() + 1);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                    shipper.destroyForcibly().waitFor();
                }
                shipper = startShipper("killed");
                arrived.readUntil(arrived.count() + 1);
                broker.stop();
                broker.start();
                arrived.readUntil(arrived.count() + 1);
                broker.kill();
                broker.start();
                arrived.readUntil(arrived.count() + 1);
                appended = writer.end();
            }
            arrived.readUntil(appended.values().stream().mapToInt(List::size).sum());
            System.out.println(arrived.count() + " records, " + arrived.repeats() + " repeats");
            assertThat(arrived.byKey()).as("seed=%d", seed).isEqualTo(appended);
            shipper.destroy();
            assertThat(shipper.waitFor(300, TimeUnit.SECONDS)).isTrue();
            assertThat(printed()).doesNotContain("lost", "not shipped");
        }
    }

    private Process startShipper(String topic) throws IOException {
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path"), ShipToKafka.class.getName(), folder.resolve("log").toString(), "shipper", "meter/*",
                broker.bootstrapServers(), topic)
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("printed").toFile())).start();
    }

    private String printed() throws IOException {
        return Files.readString(folder.resolve("printed"));
    }

    @Test
    void whatExpiredBeforeItWasShipped_isToldOf() throws Exception {
        broker.makeTopic("expired");
        Instant[] now = {Instant.parse("2026-01-01T00:00:00Z")};
        WalOptions options = WalOptions.builder().window(Duration.ofMinutes(1)).retention(Duration.ofHours(1)).clock(() -> now[0])
                .maxClockAdvance(Duration.ofDays(10)).sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), options); ArrivedRecords arrived = new ArrivedRecords(broker, "expired")) {
            EntryRef unused = append(wal, "shipped", now[0]);
            Process shipper = startShipper("expired");
            arrived.readUntil(1);
            shipper.destroy();
            assertThat(shipper.waitFor(300, TimeUnit.SECONDS)).isTrue();
            assertThat(printed()).isEmpty();

            EntryRef expired = append(wal, "expired", now[0]);
            now[0] = now[0].plus(Duration.ofHours(3));
            EntryRef left = append(wal, "left", now[0]);
            assertThat(wal.sweep().deletedSegments()).isPositive();
            shipper = startShipper("expired");
            arrived.readUntil(2);
            shipper.destroyForcibly().waitFor();
            assertThat(printed()).startsWith(
                    "lost before it was shipped: key=meter/1, from=" + expired.position() + ", to=" + left.position() + ";").hasLineCount(1);
            assertThat(arrived.byKey().get("meter/1")).extracting(text -> text.replaceAll("@.*", "")).containsExactly("shipped", "left");
        }
    }

    private static EntryRef append(StreamWal wal, String text, Instant time) {
        return wal.stream("meter/1").append(time.toEpochMilli(), text.getBytes(UTF_8));
    }

    /** Ends as a process does that is killed, but where it is told to. */
    private static final class KilledException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class KilledBeforeCommit extends KafkaProducer<byte[], byte[]> {
        KilledBeforeCommit() {
            super(settings());
        }

        @Override
        public void commitTransaction() {
            throw new KilledException();
        }
    }

    private static final class KilledBehindCommit extends KafkaProducer<byte[], byte[]> {
        KilledBehindCommit() {
            super(settings());
        }

        @Override
        public void commitTransaction() {
            super.commitTransaction();
            throw new KilledException();
        }
    }

    private static Map<String, Object> settings() {
        Map<String, Object> settings = KafkaShipper.producerSettings(broker.bootstrapServers(), "test");
        // one producer is all that a shipper has here, so that the broker has to be ready for it
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 60_000);
        return settings;
    }

    /** Ships until it is killed, or, with a producer that doesn't kill it, until the function says that all is there. */
    private void shipUntilKilled(String topic, Producer<byte[], byte[]> producer) {
        try (WalReader reader = WalReader.open(folder.resolve("log")); WalConsumer consumer = reader.consumer("shipper", Keys.all())) {
            KafkaShipper shipper = new KafkaShipper(consumer, () -> producer, new ShippedRecord.Target(topic, ""), new RecordedEvents());
            assertThatThrownBy(shipper::run).isInstanceOf(KilledException.class);
        }
    }

    /** The log's records are one batch. */
    private Map<String, List<String>> appendABatch(StreamWal wal) {
        Function<Integer, String> text = i -> "reading " + i;
        long millis = System.currentTimeMillis();
        IntStream.range(0, BATCH).forEach(i -> wal.stream("meter/1").append(millis, text.apply(i).getBytes(UTF_8)));
        return Map.of("meter/1", IntStream.range(0, BATCH).mapToObj(i -> ArrivedRecords.text(text.apply(i), millis)).toList());
    }

    @Test
    void aShipperThatIsKilledBeforeATransactionEnds_hasSentNothing_andOneThatIsKilledBehindIt_sendsItAgain() throws Exception {
        broker.makeTopic("repeated");
        try (StreamWal wal = StreamWal.open(folder.resolve("log")); ArrivedRecords arrived = new ArrivedRecords(broker, "repeated")) {
            Map<String, List<String>> appended = appendABatch(wal);
            shipUntilKilled("repeated", new KilledBeforeCommit());
            shipUntilKilled("repeated", new KilledBehindCommit());
            shipUntilKilled("repeated", new KilledBehindCommit());
            while (arrived.repeats() < BATCH) {
                arrived.readSome();
            }
            assertThat(arrived.byKey()).isEqualTo(appended);
            assertThat(arrived.progress().offsets().values()).as("there were three transactions").singleElement().satisfies(
                    offset -> assertThat(offset).isGreaterThan(3 * BATCH));
        }
    }

    @Test
    void aReaderThatBeginsAgain_knowsRepeatsByWhatItStored_andNotByOffsetsAlone() throws Exception {
        broker.makeTopic("read");
        try (StreamWal wal = StreamWal.open(folder.resolve("log"))) {
            Map<String, List<String>> appended = appendABatch(wal);
            shipUntilKilled("read", new KilledBehindCommit());
            ReadingProgress progress;
            try (ArrivedRecords first = new ArrivedRecords(broker, "read")) {
                first.readUntil(BATCH);
                assertThat(first.byKey()).isEqualTo(appended);
                progress = first.progress();
            }
            shipUntilKilled("read", new KilledBehindCommit());
            progress.store(folder.resolve("progress"));
            try (ArrivedRecords again = new ArrivedRecords(broker, "read", ReadingProgress.load(folder.resolve("progress")))) {
                while (again.repeats() < BATCH) {
                    again.readSome();
                }
                assertThat(again.count()).isZero();
            }
            try (ArrivedRecords forgetful = new ArrivedRecords(broker, "read", new ReadingProgress(progress.offsets(), Map.of()))) {
                forgetful.readUntil(BATCH);
                assertThat(forgetful.repeats()).isZero();
            }
        }
    }

    @Test
    void aRecordThatIsTooLarge_endsTheRun_andIsNamed_alsoBehindOthers() throws Exception {
        broker.makeTopic("large");
        try (StreamWal wal = StreamWal.open(folder.resolve("log"));
                WalReader reader = wal.reader();
                WalConsumer consumer = reader.consumer("shipper", Keys.all())) {
            Map<String, List<String>> unused = appendABatch(wal);
            EntryRef large = wal.stream("meter/1").append(new byte[2_000_000]);
            KafkaShipper shipper = new KafkaShipper(consumer, () -> new KafkaProducer<>(settings()),
                    new ShippedRecord.Target("large", ""), new RecordedEvents());
            assertThatThrownBy(shipper::run).isInstanceOf(KafkaException.class).hasRootCauseInstanceOf(RecordTooLargeException.class)
                    .hasMessageContaining(large.toString());
            assertThat(consumer.committed("meter/1")).isEmpty();
        }
    }
}
