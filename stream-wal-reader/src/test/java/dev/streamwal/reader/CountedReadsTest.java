package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.segment.SegmentWriterForTests;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reading a little of a lot costs: in read calls, and in bytes. */
class CountedReadsTest {

    private static final String KEY = "sensor";
    private static final int HOURS = 24;
    private static final int CONTENT_BYTES = 1_000;
    private static final long RECORD_BYTES = 32 + CONTENT_BYTES;
    private static final int MINUTE = 60;
    private static final int FEW = 5;
    private static final int KEYS = 1_000;
    private static final int RECORDS_BEHIND_THE_MARK = 10_000;
    private static final Instant DAY = Instant.EPOCH;

    /** The header, the last 8 bytes, and the footer, which here is less than two pages. */
    private static final long INDEX_BYTES = (2 << 10) + (8 << 10);
    private static final long INDEX_CALLS = 3;
    /** Of the footers' indices: what is asked for ends in the middle of one, and begins in another. */
    private static final long BLOCK_BYTES = 64 << 10;
    /** What is read at first where a few records are wanted. */
    private static final long FIRST_READ_BYTES = 4 << 10;

    @TempDir
    private Path root;

    private WalReader reader;
    private long calls;
    private long bytes;

    @BeforeEach
    void open() {
        reader = WalReader.open(root);
    }

    @AfterEach
    void close() {
        reader.close();
    }

    private void count(Runnable action) {
        long callsBefore = reader.readCalls();
        long bytesBefore = reader.readBytes();
        action.run();
        calls = reader.readCalls() - callsBefore;
        bytes = reader.readBytes() - bytesBefore;
    }

    /** A record a second, a segment an hour. */
    private List<SegmentWriterForTests> aDay(boolean withLateRecords) {
        List<SegmentWriterForTests> segments = new ArrayList<>();
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        for (int hour = 0; hour < HOURS; hour++) {
            segment.window(hour * 3_600_000L, (hour + 1) * 3_600_000L);
            for (int second = 0; second < 3_600; second++) {
                segment.append((hour * 3_600L + second) * 1_000, new byte[0], new byte[CONTENT_BYTES]);
                if (withLateRecords && second == 1_800) {
                    segment.append(minute(0).toEpochMilli() + hour, new byte[0], new byte[CONTENT_BYTES]);
                }
            }
            segments.add(segment.seal().write());
            segment = segment.successor();
        }
        return segments;
    }

    private static Instant minute(int later) {
        return DAY.plus(Duration.ofMinutes(12 * 60 + 17 + later));
    }

    private int minuteRead(int later) {
        int found = 0;
        try (EntryCursor cursor = reader.scan(KEY, minute(later), minute(later + 1))) {
            while (cursor.next()) {
                found++;
            }
        }
        return found;
    }

    @Test
    void scan_aMinuteOfADay_readsAMinuteAndTheIndicesOnce() {
        aDay(false);
        count(() -> assertThat(minuteRead(0)).isEqualTo(MINUTE));
        assertThat(bytes).isLessThan(HOURS * INDEX_BYTES + MINUTE * RECORD_BYTES + 2 * BLOCK_BYTES);
        assertThat(calls).isLessThanOrEqualTo(HOURS * INDEX_CALLS + 2);
        count(() -> assertThat(minuteRead(5)).isEqualTo(MINUTE));
        assertThat(bytes).isLessThan(MINUTE * RECORD_BYTES + 2 * BLOCK_BYTES);
        assertThat(calls).isLessThanOrEqualTo(2);
    }

    @Test
    void scan_aMinuteWithALateRecordInEverySegment_readsABlockMoreForEach() {
        aDay(true);
        int found = MINUTE + HOURS;
        count(() -> assertThat(minuteRead(0)).isEqualTo(found));
        count(() -> assertThat(minuteRead(0)).isEqualTo(found));
        assertThat(bytes).isLessThan(MINUTE * RECORD_BYTES + (HOURS + 2) * BLOCK_BYTES);
        assertThat(calls).isLessThanOrEqualTo(HOURS + 2);
    }

    @Test
    void latestByTimestamp_aDayWithLateRecords_readsTheIndicesOnceAndABlock() {
        List<SegmentWriterForTests> day = aDay(true);
        SegmentWriterForTests newest = day.get(HOURS - 1).successor();
        newest.append(1, "late");
        newest.write();
        EntryRef greatest = day.get(HOURS - 1).refs().get(day.get(HOURS - 1).refs().size() - 1);
        count(() -> assertThat(reader.latestByTimestamp(KEY).orElseThrow().ref()).isEqualTo(greatest));
        assertThat(bytes).isLessThan((HOURS + 1) * INDEX_BYTES + 3 * BLOCK_BYTES);
        count(() -> assertThat(reader.latestByTimestamp(KEY).orElseThrow().ref()).isEqualTo(greatest));
        assertThat(bytes).isLessThan(INDEX_BYTES + 3 * BLOCK_BYTES);
    }

    private static void take(EntryCursor cursor, int count) {
        try (cursor) {
            for (int i = 0; i < count; i++) {
                assertThat(cursor.next()).isTrue();
            }
        }
    }

    @Test
    void scanLast_aFewOfADay_readsTheEnd() {
        aDay(false);
        count(() -> take(reader.scanLast(KEY, FEW), FEW));
        assertThat(calls).isLessThanOrEqualTo(INDEX_CALLS + 6);
        assertThat(bytes).isLessThan(INDEX_BYTES + 6 * (FIRST_READ_BYTES + RECORD_BYTES));
    }

    @Test
    void scanBackward_aFewOfADay_readsWhatIsThere() {
        List<SegmentWriterForTests> day = aDay(false);
        count(() -> take(reader.scanBackward(KEY, Long.MAX_VALUE), FEW));
        assertThat(calls).isLessThanOrEqualTo(INDEX_CALLS + 2);
        assertThat(bytes).isLessThan(INDEX_BYTES + FEW * RECORD_BYTES + 2 * FIRST_READ_BYTES);
        long middle = day.get(HOURS / 2).refs().get(1_000).position();
        count(() -> take(reader.scanBackward(KEY, middle), FEW));
        // whether a record begins there is told by walking from the first one of its block
        assertThat(calls).isLessThanOrEqualTo(INDEX_CALLS + 5);
        assertThat(bytes).isLessThan(INDEX_BYTES + BLOCK_BYTES + FEW * RECORD_BYTES + 4 * FIRST_READ_BYTES);
    }

    @Test
    void latest_aThousandKeys_readsEachKeysEnd() {
        for (int i = 0; i < KEYS; i++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "k" + i).fill(50, 100, 0);
            (i % 2 == 0 ? segment.seal() : segment.markLast().prepare(4 << 10)).write();
        }
        List<String> keys = List.copyOf(reader.keys());
        count(() -> assertThat(reader.latest(keys)).hasSize(KEYS));
        // of half of them the header, the last 8 bytes, the footer, the record; of the others, which have none, the record's beginning again
        assertThat(calls).isLessThanOrEqualTo(KEYS * 4);
        assertThat(bytes).isLessThan(KEYS * (INDEX_BYTES + FIRST_READ_BYTES));
        count(() -> assertThat(reader.latest(keys)).hasSize(KEYS));
        // of half of them the record alone; of the others the last 8 bytes, the mark, the record, its beginning again
        assertThat(calls).isLessThanOrEqualTo(KEYS * 5 / 2);
        assertThat(bytes).isLessThan(KEYS * (FIRST_READ_BYTES + 16 + 32));
    }

    @Test
    void latest_aKeyThatIsAppendedTo_followsItFromWhatWasLast() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(RECORDS_BEHIND_THE_MARK, 100, 0);
        segment.prepare(4 << 10).write();
        count(() -> assertThat(reader.latest(KEY)).isPresent());
        for (int i = 0; i < FEW; i++) {
            EntryRef last = segment.append(i, "appended").ref();
            segment.write();
            count(() -> assertThat(reader.latest(KEY).orElseThrow().ref()).isEqualTo(last));
            assertThat(calls).isLessThanOrEqualTo(4);
            assertThat(bytes).isLessThanOrEqualTo(FIRST_READ_BYTES + 16 + 32);
        }
    }
}
