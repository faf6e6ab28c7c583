package dev.streamwal.walk;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What merging costs at most, whatever the number of streams and the size of their records. */
class MergedScanTest {

    private static final int STREAMS = 10_000;
    private static final int RECORDS = 3;
    /** The header, and a record; again for each record, if each stream rested in between. */
    private static final long MAX_BYTES_A_RECORD = 8 << 10;
    /** To open it once, and read its only segment to the end. */
    private static final long MAX_READS_A_STREAM = 7;

    private static final int DAMAGED_STREAMS = 2 * MergedScan.MAX_OPEN_STREAMS;
    private static final int DAMAGED_RECORD = 1;

    private static final int LARGE_STREAMS = 40;
    private static final int LARGE_BYTES = 2 << 20;

    private static void assertWithinBudget(MergedScan scan, LogSource log, long largestBuffer) {
        assertThat(scan.openStreams()).isLessThanOrEqualTo(MergedScan.MAX_OPEN_STREAMS);
        assertThat(scan.bufferBytes()).isLessThanOrEqualTo(Math.max(MergedScan.MAX_BUFFER_BYTES, largestBuffer));
        assertThat(log.channels().openFiles()).isLessThanOrEqualTo(log.settings().maxOpenFiles() + 1);
    }

    @Tag("exhaustive")
    @Test
    void next_tenThousandStreamsInTurn_keepsToItsBudget() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path root = Files.createDirectory(memory.getPath("/log"));
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i);
                for (int r = 0; r < RECORDS; r++) {
                    segment.append((long) r * STREAMS + i, "x");
                }
                segment.prepare(64).write();
                keys.add(segment.key());
            }
            try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null);
                    MergedScan scan = new MergedScan(log, () -> keys, TimeRange.ALL)) {
                long found = 0;
                for (; scan.next(); found++) {
                    assertThat(scan.record().timestampMillis()).isEqualTo(found);
                    assertWithinBudget(scan, log, 0);
                }
                assertThat(found).isEqualTo((long) RECORDS * STREAMS);
                assertThat(log.channels().readBytes()).isLessThan((RECORDS + 1) * STREAMS * MAX_BYTES_A_RECORD);
                assertThat(log.channels().readCalls()).as("each stream is opened once")
                        .isLessThanOrEqualTo(STREAMS * MAX_READS_A_STREAM);
            }
        }
    }

    @Test
    void next_largeRecords_keepsToItsBudget() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path root = Files.createDirectory(memory.getPath("/log"));
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < LARGE_STREAMS; i++) {
                SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i);
                segment.append(i, new byte[0], new byte[LARGE_BYTES]);
                segment.append(LARGE_STREAMS + i, "x");
                segment.prepare(64).write();
                keys.add(segment.key());
            }
            try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null);
                    MergedScan scan = new MergedScan(log, () -> keys, TimeRange.ALL)) {
                int found = 0;
                for (; scan.next(); found++) {
                    assertThat(scan.record().timestampMillis()).isEqualTo(found);
                    assertWithinBudget(scan, log, 2L * LARGE_BYTES);
                }
                assertThat(found).isEqualTo(2 * LARGE_STREAMS);
            }
        }
    }

    /** What is wrong behind records that were read ahead is told behind them, once. */
    @Test
    void next_damageBehindRecordsThatWereReadAhead_isToldInItsTurn() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path root = Files.createDirectory(memory.getPath("/log"));
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < DAMAGED_STREAMS; i++) {
                SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i);
                for (int r = 0; r < RECORDS; r++) {
                    int begin = segment.tail();
                    segment.append((long) r * DAMAGED_STREAMS + i, "damaged");
                    if (r == DAMAGED_RECORD) {
                        segment.flip((begin + segment.tail()) / 2, 1);
                    }
                }
                segment.seal().write();
                keys.add(segment.key());
            }
            try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null);
                    MergedScan scan = new MergedScan(log, () -> keys, TimeRange.ALL)) {
                List<Long> found = new ArrayList<>();
                List<String> damaged = new ArrayList<>();
                boolean isMore = true;
                while (isMore && damaged.size() <= DAMAGED_STREAMS) {
                    try {
                        isMore = scan.next();
                        if (isMore) {
                            found.add(scan.record().timestampMillis());
                        }
                    } catch (CorruptSegmentException e) {
                        assertThat(found).as("what stands before it").contains(Long.parseLong(e.key().substring(1)));
                        damaged.add(e.key());
                    }
                }
                assertThat(damaged).containsExactlyInAnyOrderElementsOf(keys);
                assertThat(found).isSorted().hasSize((RECORDS - 1) * DAMAGED_STREAMS);
            }
        }
    }
}
