package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * What a shipper needs, to try one: a Kafka, a log that is appended to, and a reader of the topic, which counts what comes. Until it is killed. Start a
 * shipper beside it, kill it, and start it again.
 */
final class Playground {

    private static final int PORT = 9092;
    private static final String TOPIC = "readings";
    private static final int STREAMS = 100;
    private static final int RECORDS_A_ROUND = 100;
    private static final Duration ROUND = Duration.ofMillis(50);
    private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private Playground() {}

    /** Argument: a folder, which is emptied. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path folder = Path.of(args[0]);
        delete(folder);
        KafkaBroker broker = new KafkaBroker(folder.resolve("kafka"), PORT);
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "kill Kafka"));
        broker.makeTopic(TOPIC);
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(ShippedReader.consumerSettings(broker.bootstrapServers()));
        try (StreamWal wal = StreamWal.open(folder.resolve("log")); ShippedReader reader = new ShippedReader(consumer, TOPIC, ReadingProgress.NONE)) {
            AtomicLong arrived = new AtomicLong();
            long reported = System.nanoTime();
            for (long appended = 0; ; appended += RECORDS_A_ROUND) {
                append(wal, appended);
                int unused = reader.read(ROUND, record -> arrived.incrementAndGet());
                if (System.nanoTime() - reported > REPORT_NANOS) {
                    reported = System.nanoTime();
                    System.out.printf(Locale.ROOT, "%,d appended, %,d arrived, %,d repeats dropped%n", appended + RECORDS_A_ROUND, arrived.get(), reader.repeats());
                }
            }
        }
    }

    private static void append(StreamWal wal, long first) {
        for (long i = first; i < first + RECORDS_A_ROUND; i++) {
            EntryRef unused = wal.stream("meter/" + i % STREAMS).append(("reading " + i).getBytes(UTF_8));
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
                for (Path each : deepestFirst) {
                    Files.delete(each);
                }
            }
        }
    }
}
