package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Recovery where a payload was made so that the search for records behind damage is given up: it cuts nothing that it hasn't looked at. */
class BoundedSearchTest extends LogContract {

    private static final int PAYLOAD_BYTES = 1 << 20;

    BoundedSearchTest() {
        super(LogHome.mapped());
    }

    /** Prefixes wherever there is room for one, each of a record that reaches to the payload's end. */
    private static byte[] fakeRecords() {
        ByteBuffer payload = ByteBuffer.allocate(PAYLOAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + RecordLayout.PREFIX_BYTES <= PAYLOAD_BYTES; at += RecordLayout.TIMESTAMP) {
            int length = PAYLOAD_BYTES - at - RecordLayout.PREFIX_BYTES;
            RecordLayout.encodePrefix(payload, at, length, 0, 0x5EED, RecordLayout.PREFIX_BYTES, 0);
            payload.putLong(at, RecordLayout.commitWord(0));
        }
        return payload.array();
    }

    /** A closed log with two records, of which the second is changed, and a mark as it was before the two. */
    private Path segmentWith(byte[] secondPayload, int changedOffset, int changedBytes) throws IOException {
        Written second;
        try (StreamWal wal = open(options().segmentBytes(4 << 20))) {
            wal.stream("s").append(bytes("first"));
            second = Written.of(wal.stream("s").append(secondPayload), clock.millis(), secondPayload);
        }
        Path file = segmentsOf("s").get(0);
        byte[] whole = Files.readAllBytes(file);
        ByteBuffer segment = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        int at = segment.getShort(SegmentHeaderLayout.HEADER_LENGTH) + (int) second.ref().position();
        for (int i = 0; i < changedBytes; i++) {
            whole[at + changedOffset + i] = 0;
        }
        segment.putInt(SegmentHeaderLayout.MARK, 0);
        Files.write(file, whole);
        return file;
    }

    private void assertRefusesAndChangesNothing(Path file) throws IOException {
        byte[] before = Files.readAllBytes(file);
        StreamWal again = open(options().segmentBytes(4 << 20));
        assertThatThrownBy(() -> again.stream("s").append(bytes("x")))
                .isInstanceOfSatisfying(CorruptSegmentException.class,
                        e -> assertThat(e.offset() + e.length()).as("damaged to the end").isEqualTo(before.length));
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    @Test
    void append_tornRecordThatIsFullOfFakes_isRefusedAndNothingIsCut() throws IOException {
        assertRefusesAndChangesNothing(segmentWith(fakeRecords(), RecordLayout.CHECKSUM, Integer.BYTES));
    }

    @Test
    void append_slotNotPublishedThatIsFullOfFakes_isRefusedAndNothingIsCut() throws IOException {
        assertRefusesAndChangesNothing(segmentWith(fakeRecords(), RecordLayout.COMMIT_WORD, Long.BYTES));
    }

    @Test
    void append_tornRecordOfOtherContent_isSetAsideAndTheStreamGoesOn() throws IOException {
        segmentWith(bytes(PAYLOAD_BYTES, 1), RecordLayout.CHECKSUM, Integer.BYTES);
        EntryRef next = open(options().segmentBytes(4 << 20)).stream("s").append(bytes("x"));
        assertThat(next.position()).as("behind the torn one").isGreaterThan(EntryRef.sizeOf(0, "first".length()) + PAYLOAD_BYTES);
    }
}
