package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What is in the topic. */
final class ShippedTopic {

    static final String NAME = "readings";

    /** By key, without repeats. */
    final Map<String, List<String>> texts = new HashMap<>();
    int repeats;

    /** Reads all that is there now. */
    static ShippedTopic read(String bootstrapServers) {
        ShippedTopic topic = new ShippedTopic();
        SeenPositions seen = new SeenPositions(1_000);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrapServers,
                "isolation.level", "read_committed"), new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(NAME).stream().map(each -> new TopicPartition(NAME, each.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> topic.add(record, seen));
            }
        }
        return topic;
    }

    private void add(ConsumerRecord<byte[], byte[]> record, SeenPositions seen) {
        EntryRef ref = ShippedRecord.refOf(record);
        if (!ref.key().equals(new String(record.key(), UTF_8))) {
            throw new IllegalStateException("key=" + new String(record.key(), UTF_8) + ", ref=" + ref);
        }
        if (seen.isNew(ref)) {
            texts.computeIfAbsent(ref.key(), key -> new ArrayList<>()).add(new String(record.value(), UTF_8) + "@" + record.timestamp());
        } else {
            repeats++;
        }
    }
}
