package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * How a record of the log looks in Kafka: the stream's key, behind a prefix, is its key, so that all of a stream is in one partition, in order; the content
 * is its value; its timestamp is the record's. A header has the reference, by which a repeat is known. Another one has the record's own header, if it
 * has one.
 */
public final class ShippedRecord {

    /** Name of the header with {@link EntryRef#toBytes()}. */
    public static final String REF_HEADER = "stream-wal.ref";
    /** Name of the header with the record's header. */
    public static final String RECORD_HEADER = "stream-wal.header";
    /** Name of the header with the record's timestamp, 8 bytes, big-endian: where it is before 1970, which Kafka's can't be. */
    public static final String TIMESTAMP_HEADER = "stream-wal.timestamp";

    private ShippedRecord() {}

    /**
     * Where records go.
     *
     * @param topic of nothing else
     * @param keyPrefix for the keys in Kafka. Where several logs are shipped to a topic each needs another one: positions tell repeats of one log only
     */
    public record Target(String topic, String keyPrefix) {

        ProducerRecord<byte[], byte[]> record(EntryCursor entry) {
            Integer partitionByKey = null;
            long timestampMillis = entry.timestampMillis();
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partitionByKey, Math.max(0, timestampMillis),
                    (keyPrefix + entry.key()).getBytes(UTF_8), ByteBufUtil.getBytes(entry.content()));
            record.headers().add(REF_HEADER, entry.ref().toBytes());
            ByteBuf header = entry.header();
            if (header.isReadable()) {
                record.headers().add(RECORD_HEADER, ByteBufUtil.getBytes(header));
            }
            if (timestampMillis < 0) {
                record.headers().add(TIMESTAMP_HEADER, ByteBuffer.allocate(Long.BYTES).putLong(timestampMillis).array());
            }
            return record;
        }
    }

    /** {@return the record's key in Kafka, prefix included} */
    public static String keyOf(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.key(), UTF_8);
    }

    /**
     * The reference of a record that a shipper has sent.
     *
     * @throws IllegalArgumentException if it has none
     */
    public static EntryRef refOf(ConsumerRecord<byte[], byte[]> record) {
        Header ref = record.headers().lastHeader(REF_HEADER);
        if (ref == null) {
            throw new IllegalArgumentException("record has no header " + REF_HEADER + ": topic=" + record.topic() + ", partition=" + record.partition()
                    + ", offset=" + record.offset() + "; read a topic that only shippers write to");
        }
        return EntryRef.fromBytes(ref.value());
    }

    /** {@return epoch milliseconds, as the record has them in the log; in a topic with {@code message.timestamp.type=CreateTime}} */
    public static long timestampMillisOf(ConsumerRecord<byte[], byte[]> record) {
        Header timestamp = record.headers().lastHeader(TIMESTAMP_HEADER);
        return timestamp == null ? record.timestamp() : ByteBuffer.wrap(timestamp.value()).getLong();
    }
}
