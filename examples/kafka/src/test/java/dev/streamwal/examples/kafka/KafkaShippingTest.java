package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writer, a shipper and a broker, each in a process of its own. The shipper is killed at random moments, and then the broker, while the writer goes on:
 * each record arrives, in order, and what arrived twice is known as such.
 */
class KafkaShippingTest {

    private static final int KEYS = 20;
    private static final int SHIPPERS_KILLED = 3;
    private static final int RECORDS_A_ROUND = 500;

    @TempDir
    private Path folder;

    /** By key, as they were appended. */
    private final Map<String, List<String>> appended = new HashMap<>();
    private int number;

    @Test
    @Timeout(300)
    void everyRecordArrives_inOrder_thoughShippersAndBrokerAreKilled() throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        Path log = folder.resolve("log");
        try (KafkaBroker broker = new KafkaBroker(folder.resolve("kafka"));
                StreamWal wal = StreamWal.open(log, WalOptions.builder().window(Duration.ofSeconds(2)).retention(Duration.ofHours(1)).build())) {
            for (int i = 0; i < SHIPPERS_KILLED; i++) {
                Process shipper = startShipper(log, broker);
                append(wal, RECORDS_A_ROUND);
                boolean unused = shipper.waitFor(500 + random.nextInt(2_000), TimeUnit.MILLISECONDS);
                append(wal, RECORDS_A_ROUND);
                shipper.destroyForcibly().waitFor();
            }
            Process shipper = startShipper(log, broker);
            try {
                append(wal, RECORDS_A_ROUND);
                broker.kill();
                append(wal, RECORDS_A_ROUND);
                broker.start();
                append(wal, RECORDS_A_ROUND);
                ShippedTopic topic = ShippedTopic.read(broker.bootstrapServers());
                while (topic.texts.values().stream().mapToInt(List::size).sum() < number) {
                    assertThat(shipper.isAlive()).isTrue();
                    boolean unused = shipper.waitFor(500, TimeUnit.MILLISECONDS);
                    topic = ShippedTopic.read(broker.bootstrapServers());
                }
                assertThat(topic.texts).as("seed=%d", seed).isEqualTo(appended);
            } finally {
                shipper.destroyForcibly().waitFor();
            }
        }
    }

    private Process startShipper(Path log, KafkaBroker broker) throws Exception {
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), ShipToKafka.class.getName(), log.toString(),
                "shipper", "meter/*", broker.bootstrapServers(), ShippedTopic.NAME)
                .redirectErrorStream(true).redirectOutput(folder.resolve("shipper.out").toFile()).start();
    }

    private void append(StreamWal wal, int records) {
        for (int i = 0; i < records; i++) {
            String key = "meter/" + number % KEYS;
            String text = "reading " + number++;
            long millis = System.currentTimeMillis();
            var unused = wal.stream(key).append(millis, text.getBytes(UTF_8));
            appended.computeIfAbsent(key, any -> new ArrayList<>()).add(text + "@" + millis);
        }
    }
}
