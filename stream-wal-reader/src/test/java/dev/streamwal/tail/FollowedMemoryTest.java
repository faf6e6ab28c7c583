package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.segment.SegmentWriterForTests;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a tail of many streams takes of direct memory, whatever the size of their records. */
@Timeout(300)
class FollowedMemoryTest {

    private static final int STREAMS = 100;
    private static final int RECORDS = 20;
    private static final int LARGE_BYTES = 20_000;
    private static final int SMALL_BYTES = 100;
    /** Of some ten large records; each of the 128 streams that may have buffers reads 2 KiB at a time. */
    private static final long MAX_BUFFER_BYTES = 256 << 10;
    /** Many times as long as a look takes at all streams. */
    private static final long MAX_REST_NANOS = 60_000_000_000L;

    @TempDir
    private Path root;

    private final List<SegmentWriterForTests> segments = new ArrayList<>();
    private final Map<String, ScanBegin> all = new LinkedHashMap<>();

    private void write(int streams, int records, int bytes) {
        for (int i = 0; i < streams; i++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i).prepare(4 * bytes);
            for (int r = 0; r < records; r++) {
                segment.append((long) r * streams + i, new byte[0], new byte[bytes]);
            }
            segments.add(segment.write());
            all.put(segment.key(), new ScanBegin.Oldest());
        }
    }

    private FollowedStreams follow(LogSource log) throws IOException {
        return new FollowedStreams(log, KeyScope.of(all.keySet()), all, key -> new ScanBegin.Oldest(), MAX_BUFFER_BYTES);
    }

    private static boolean nextWithin(FollowedStreams followed) {
        long start = System.nanoTime();
        boolean found = followed.next();
        while (!found && System.nanoTime() - start < MAX_REST_NANOS) {
            found = followed.mayHaveMore() && followed.next();
        }
        return found;
    }

    @Test
    void next_largeRecordsOfManyStreams_keepsToTheLimitDeliversAllAndLetsNoStreamWait() throws IOException {
        write(STREAMS, RECORDS, LARGE_BYTES);
        long most = MAX_BUFFER_BYTES + RecordLayout.frameBytes(0, LARGE_BYTES);
        Map<String, List<Long>> found = new HashMap<>();
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null); FollowedStreams followed = follow(log)) {
            int longestTurn = 0;
            while (followed.next()) {
                List<Long> ofStream = found.computeIfAbsent(followed.key(), key -> new ArrayList<>());
                ofStream.add(followed.record().position());
                longestTurn = found.size() < STREAMS ? Math.max(longestTurn, ofStream.size()) : longestTurn;
                assertThat(followed.record().contentLength()).isEqualTo(LARGE_BYTES);
                assertThat(followed.bufferBytes()).isLessThanOrEqualTo(most);
            }
            assertThat(found).hasSize(STREAMS);
            segments.forEach(segment -> assertThat(found.get(segment.key()))
                    .containsExactlyElementsOf(segment.written().stream().map(SegmentWriterForTests.Written::position).toList()));
            assertThat(longestTurn).as("before every stream has had its turn").isLessThanOrEqualTo(WantedStreams.TURN_OF_LARGE);
            // read once, and once more after each turn
            assertThat(log.channels().readBytes()).isLessThan(2L * STREAMS * RECORDS * LARGE_BYTES);
            for (SegmentWriterForTests segment : segments) {
                long position = segment.append(1, new byte[0], new byte[LARGE_BYTES]).position();
                segment.write();
                assertThat(nextWithin(followed)).isTrue();
                assertThat(followed.key()).isEqualTo(segment.key());
                assertThat(followed.record().position()).isEqualTo(position);
                assertThat(followed.bufferBytes()).as("streams that rest").isLessThanOrEqualTo(most);
            }
            followed.settle();
            assertThat(followed.next()).isFalse();
        }
    }

    @Test
    void next_smallRecordsOfManyStreams_areReadOnceInLargePieces() throws IOException {
        write(WantedStreams.MAX_READ, 50 * RECORDS, SMALL_BYTES);
        long written = (long) WantedStreams.MAX_READ * segments.get(0).tail();
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null); FollowedStreams followed = follow(log)) {
            long found = 0;
            for (; followed.next(); found++) {
                assertThat(followed.record().timestampMillis()).as("merged by time").isEqualTo(found);
                assertThat(followed.bufferBytes()).isLessThanOrEqualTo(MAX_BUFFER_BYTES);
            }
            assertThat(found).isEqualTo(50L * RECORDS * WantedStreams.MAX_READ);
            // the record at the end of each piece is read again
            assertThat(log.channels().readBytes()).isLessThan(written + written / 4);
        }
    }

    @Test
    void next_oneRecordIsLargerThanTheLimit_isDeliveredAndTheOthersGoOn() throws IOException {
        write(STREAMS, 1, SMALL_BYTES);
        SegmentWriterForTests segment = segments.get(STREAMS / 2);
        segment.append(0, new byte[0], new byte[2 * (int) MAX_BUFFER_BYTES]);
        segment.append(0, "behind it");
        segment.write();
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null); FollowedStreams followed = follow(log)) {
            int found = 0;
            for (; followed.next(); found++) {
                assertThat(followed.bufferBytes()).isLessThanOrEqualTo(MAX_BUFFER_BYTES + RecordLayout.frameBytes(0, 2 * (int) MAX_BUFFER_BYTES));
            }
            assertThat(found).isEqualTo(STREAMS + 2);
        }
    }
}
