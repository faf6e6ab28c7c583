package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * How a record of the log looks in Kafka: the stream's key is its key, so that all of a stream is in one partition, in order; the content is its value;
 * its timestamp is the record's. A header has the reference, by which a repeat is known. Another one has the record's own header, if it has one.
 */
public final class ShippedRecord {

    /** Name of the header with {@link EntryRef#toBytes()}. */
    public static final String REF_HEADER = "stream-wal.ref";
    /** Name of the header with the record's header. */
    public static final String RECORD_HEADER = "stream-wal.header";

    private ShippedRecord() {}

    static ProducerRecord<byte[], byte[]> of(String topic, EntryCursor entry) {
        Integer byKey = null;
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, byKey, entry.timestampMillis(), entry.key().getBytes(UTF_8),
                ByteBufUtil.getBytes(entry.content()));
        record.headers().add(REF_HEADER, entry.ref().toBytes());
        ByteBuf header = entry.header();
        if (header.isReadable()) {
            record.headers().add(RECORD_HEADER, ByteBufUtil.getBytes(header));
        }
        return record;
    }

    /**
     * The reference of a record that a shipper has sent.
     *
     * @throws IllegalArgumentException where it has none
     */
    public static EntryRef refOf(ConsumerRecord<byte[], byte[]> record) {
        Header ref = record.headers().lastHeader(REF_HEADER);
        if (ref == null) {
            throw new IllegalArgumentException("record has no header " + REF_HEADER + ": topic=" + record.topic() + ", partition=" + record.partition()
                    + ", offset=" + record.offset() + "; read a topic that only a shipper writes to");
        }
        return EntryRef.fromBytes(ref.value());
    }
}
