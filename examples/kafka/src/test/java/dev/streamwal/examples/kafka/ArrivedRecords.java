package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** What has arrived in a topic, by key, without repeats, in the order in which it is read. */
final class ArrivedRecords implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);

    private final Map<String, List<String>> byKey = new HashMap<>();
    private final ShippedReader reader;
    private int count;

    ArrivedRecords(KafkaBroker broker, String topic) {
        this(broker, topic, ReadingProgress.NONE);
    }

    ArrivedRecords(KafkaBroker broker, String topic, ReadingProgress progress) {
        this.reader = new ShippedReader(new KafkaConsumer<>(ShippedReader.consumerSettings(broker.bootstrapServers())), topic, progress);
    }

    /** A record as {@link #byKey} has it. */
    static String text(String content, long timestampMillis) {
        return content + "@" + timestampMillis;
    }

    private void add(ConsumerRecord<byte[], byte[]> record) {
        String text = text(new String(record.value(), UTF_8), ShippedRecord.timestampMillisOf(record));
        byKey.computeIfAbsent(ShippedRecord.keyOf(record), key -> new ArrayList<>()).add(text);
        count++;
    }

    int readSome() {
        return reader.read(POLL, this::add);
    }

    /** Reads until so many have arrived. Each polls waits, so this isn't busy; the test's own timeout ends it. */
    void readUntil(int records) {
        while (count < records) {
            readSome();
        }
    }

    Map<String, List<String>> byKey() {
        return byKey;
    }

    int count() {
        return count;
    }

    long repeats() {
        return reader.repeats();
    }

    ReadingProgress progress() {
        return reader.progress();
    }

    @Override
    public void close() {
        reader.close();
    }
}
