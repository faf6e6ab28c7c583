package dev.streamwal.examples.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads what shippers have sent to a topic, each record once. It begins where a {@link ReadingProgress} says, and reads all partitions that the topic has
 * then. One thread.
 *
 * <p>It keeps its offsets itself, and nothing in Kafka, as they belong to the positions by which it knows repeats. A reader in a group of Kafka's does the
 * same for each partition that it is given, with progress in a place that the others of the group read, too.
 */
public final class ShippedReader implements AutoCloseable {

    /** Keys whose positions are kept. */
    public static final int MAX_KEYS = 100_000;

    /** What is done with a record. */
    public interface Processing {
        void process(ConsumerRecord<byte[], byte[]> record);
    }

    private final Consumer<byte[], byte[]> consumer;
    private final Map<Integer, Long> offsets = new HashMap<>();
    private final SeenPositions seen;
    private long repeats;

    /**
     * A reader.
     *
     * @param consumer with {@link #consumerSettings}; closed with the reader
     * @param progress where it begins; without any, with the oldest record
     */
    public ShippedReader(Consumer<byte[], byte[]> consumer, String topic, ReadingProgress progress) {
        this.consumer = consumer;
        this.seen = new SeenPositions(MAX_KEYS, progress.positions());
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream().map(each -> new TopicPartition(topic, each.partition())).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        progress.offsets().forEach((partition, offset) -> consumer.seek(new TopicPartition(topic, partition), offset));
        offsets.putAll(progress.offsets());
    }

    /** Settings for its consumer. */
    public static Map<String, Object> consumerSettings(String bootstrapServers) {
        return Map.of(
                ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class,
                ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class,
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
                // where its offset has gone from the topic it throws, as records may have gone unread
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    }

    /**
     * Reads some records. If processing one throws, close the reader, and go on with another one, from {@link #progress()}.
     *
     * @return how many came, repeats included
     */
    public int read(Duration wait, Processing processing) {
        int count = 0;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(wait)) {
            String key = ShippedRecord.keyOf(record);
            long position = ShippedRecord.refOf(record).position();
            if (seen.isRepeat(key, position)) {
                repeats++;
            } else {
                processing.process(record);
                seen.processed(key, position);
            }
            offsets.put(record.partition(), record.offset() + 1);
            count++;
        }
        return count;
    }

    /** {@return how far it has come, a copy} */
    public ReadingProgress progress() {
        return new ReadingProgress(Map.copyOf(offsets), seen.positions());
    }

    /** {@return how many repeats it has dropped} */
    public long repeats() {
        return repeats;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
