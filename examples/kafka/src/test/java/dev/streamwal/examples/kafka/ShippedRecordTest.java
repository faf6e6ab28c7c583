package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a record of the log is where in Kafka. */
class ShippedRecordTest {

    private static final long AT_THE_BEGINNING = 0;

    @TempDir
    private Path root;

    /** Of a log with one record. */
    private ProducerRecord<byte[], byte[]> shipped(String keyPrefix) {
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan("meter/ä")) {
            assertThat(cursor.next()).isTrue();
            return new ShippedRecord.Target("readings", keyPrefix).record(cursor);
        }
    }

    private EntryRef append(WriteEntry entry) {
        Duration ages = Duration.ofDays(36_500);
        WalOptions options = WalOptions.builder().retention(ages).window(Duration.ofDays(365)).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            return wal.stream("meter/ä").append(entry);
        }
    }

    private static ConsumerRecord<byte[], byte[]> arrived(ProducerRecord<byte[], byte[]> sent) {
        return new ConsumerRecord<>(sent.topic(), 0, AT_THE_BEGINNING, sent.timestamp(), TimestampType.CREATE_TIME, sent.key().length, sent.value().length,
                sent.key(), sent.value(), sent.headers(), Optional.empty());
    }

    @Test
    void record_hasKeyContentTimeAndRef() {
        Instant time = Instant.parse("2026-01-01T00:00:00.123Z");
        EntryRef ref = append(WriteEntry.of("231.5".getBytes(UTF_8), time));
        ProducerRecord<byte[], byte[]> record = shipped("");

        assertThat(record.topic()).isEqualTo("readings");
        assertThat(record.partition()).isNull();
        assertThat(record.value()).asString(UTF_8).isEqualTo("231.5");
        assertThat(record.headers().toArray()).hasSize(1);
        assertThat(ShippedRecord.keyOf(arrived(record))).isEqualTo("meter/ä");
        assertThat(ShippedRecord.refOf(arrived(record))).isEqualTo(ref);
        assertThat(record.timestamp()).isEqualTo(time.toEpochMilli());
        assertThat(ShippedRecord.timestampMillisOf(arrived(record))).isEqualTo(time.toEpochMilli());
    }

    @Test
    void record_withAHeader_hasIt_andAPrefixIsOfTheKeyOnly() {
        EntryRef ref = append(WriteEntry.of(new byte[] {1, 2, 3}, "231.5".getBytes(UTF_8), Instant.now()));
        ProducerRecord<byte[], byte[]> record = shipped("house 7/");

        assertThat(record.headers().lastHeader(ShippedRecord.RECORD_HEADER).value()).containsExactly(1, 2, 3);
        assertThat(ShippedRecord.keyOf(arrived(record))).isEqualTo("house 7/meter/ä");
        assertThat(ShippedRecord.refOf(arrived(record))).isEqualTo(ref);
    }

    @Test
    void record_fromBefore1970_hasItsTimeInAHeader() {
        Instant time = Instant.parse("1969-12-31T23:59:59.999Z");
        EntryRef unused = append(WriteEntry.of(new byte[0], time));
        ProducerRecord<byte[], byte[]> record = shipped("");

        assertThat(record.timestamp()).isZero();
        assertThat(record.value()).isEmpty();
        assertThat(ShippedRecord.timestampMillisOf(arrived(record))).isEqualTo(-1);
    }

    @Test
    void aRecordOfSomebodyElse_isRefused() {
        ConsumerRecord<byte[], byte[]> foreign = new ConsumerRecord<>("readings", 1, 17, new byte[0], new byte[0]);
        assertThatIllegalArgumentException().isThrownBy(() -> ShippedRecord.refOf(foreign)).withMessageContaining("offset=17");
    }
}
