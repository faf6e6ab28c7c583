package dev.streamwal.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.segment.SegmentWriterForTests.Written;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class IndexSoFarTest {

    private final SegmentWriterForTests segment = SegmentWriterForTests.first(Path.of("unused"), "k").fill(4_000, 100, 1_000);
    private final int first = segment.header().headerLength();
    private final IndexSoFar index = IndexSoFar.none(first);

    private int offset(int record) {
        return (int) segment.header().offsetOf(segment.written().get(record).position());
    }

    /** Adds the records from one on, up to another. */
    private void read(int from, int to) throws IOException {
        try (SegmentScan scan = new SegmentScan(SegmentFuzzing.bytes(segment.bytes()), segment.header(), ReadSizes.large(4_096))) {
            scan.seek(offset(from));
            for (int record = from; record < to; record++) {
                assertThat(scan.next()).isTrue();
                index.add(scan);
            }
        }
    }

    private static TimeRange range(Written from, Written to) {
        return new TimeRange(from.timestampMillis(), to.timestampMillis());
    }

    @Test
    void spanOf_nothingWasRead_leavesNothingOut() {
        assertThat(index.spanOf(new TimeRange(0, 10))).isEqualTo(new TimeSpan(first, first, first));
    }

    @Test
    void spanOf_readInTwoParts_isTheBlocksOfTheRange() throws IOException {
        List<Written> written = segment.written();
        read(0, 1_500);
        read(1_500, 3_000);
        TimeSpan span = index.spanOf(range(written.get(1_400), written.get(1_600)));
        assertThat(span.from()).isBetween(first, offset(1_400));
        assertThat(span.to()).isBetween(offset(1_600), offset(3_000));
        assertThat(span.to() - span.from()).isLessThan(3 * (64 << 10));
        assertThat(span.end()).isEqualTo(offset(3_000));
    }

    @Test
    void spanOf_allIsEarlier_isEmpty() throws IOException {
        read(0, 1_000);
        assertThat(index.spanOf(range(segment.written().get(2_000), segment.written().get(3_000))))
                .isEqualTo(new TimeSpan(offset(1_000), offset(1_000), offset(1_000)));
    }

    /** What stands in between may be in any range. */
    @Test
    void add_recordsBehindOthersThatWereNotRead_leavesThemOut() throws IOException {
        read(1, 1_000);
        assertThat(index.end()).isEqualTo(first);
        read(0, 10);
        read(20, 1_000);
        assertThat(index.end()).isEqualTo(offset(10));
    }

    @Test
    void copy_isAddedTo_theOtherStays() throws IOException {
        read(0, 1_000);
        IndexSoFar before = index.copy();
        read(1_000, 2_000);
        assertThat(before.end()).isEqualTo(offset(1_000));
        assertThat(before.spanOf(new TimeRange(0, Long.MAX_VALUE))).isEqualTo(new TimeSpan(first, offset(1_000), offset(1_000)));
        assertThat(index.end()).isEqualTo(offset(2_000));
    }
}
