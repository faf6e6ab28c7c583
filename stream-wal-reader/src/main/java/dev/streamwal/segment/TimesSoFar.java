package dev.streamwal.segment;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;

/**
 * The times of a segment's records, from the first one up to where scans have read it: what its footer will say of all of them. Who reads on adds to a
 * copy, and gives it to the segment for later scans. Not thread-safe; one that a segment has isn't changed any more.
 *
 * <p><b>Why it stays true.</b> Only records that verify are added, in the order in which they stand, and nothing is added behind damage. A record stays
 * where it is as long as its segment has no footer. What is cut off, or erased, makes a block have fewer records than it is said here to have, not others;
 * and a cut ends the segment, so no other record comes to a place that had one.
 */
public final class TimesSoFar {

    private final SegmentIndex index;
    private int end;

    private TimesSoFar(SegmentIndex index, int end) {
        this.index = index;
        this.end = end;
    }

    /** Of a segment of which nothing has been read. */
    static TimesSoFar none(SegmentHeader header) {
        return new TimesSoFar(new SegmentIndex(), header.headerLength());
    }

    TimesSoFar copy() {
        return new TimesSoFar(index.copy(), end);
    }

    /** Adds the record that a scan stands on, if it is the next one. */
    public void add(SegmentScan scan) {
        if (scan.offset() == end) {
            end = (int) scan.nextOffset();
            if (scan.isShown()) {
                index.add((int) scan.offset(), scan.timestampMillis());
            }
        }
    }

    /** Offset up to which the times are known. */
    int end() {
        return end;
    }

    /** Where the records of a range are, of those up to {@link #end}. */
    TimeSpan spanOf(TimeRange range) {
        int from = end;
        int to = end;
        for (int block = 0; block < index.blocks(); block++) {
            if (range.overlaps(index, block)) {
                from = Math.min(from, index.firstOffset(block));
                to = block + 1 < index.blocks() ? index.firstOffset(block + 1) : end;
            }
        }
        return new TimeSpan(from, to, end);
    }
}
