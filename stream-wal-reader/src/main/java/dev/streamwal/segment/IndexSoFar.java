package dev.streamwal.segment;

import dev.streamwal.format.SegmentIndex;
import java.io.IOException;

/**
 * The index of a segment's records from the first one up to where they have been read: what its footer will say of all of them. A caller that reads on adds
 * to a copy, and gives that to the segment for later callers. Not thread-safe; one that a segment has isn't changed any more.
 *
 * <p><b>Why it stays true.</b> Only records that verify are added, in the order in which they stand, and nothing is added behind damage. A record stays
 * where it is as long as its segment has no footer. What is cut off, or erased, makes a block have fewer records than it is said here to have, not others;
 * and a cut ends the segment, so no other record comes to a place that had one.
 */
public final class IndexSoFar {

    private final SegmentIndex index;
    private int end;

    private IndexSoFar(SegmentIndex index, int end) {
        this.index = index;
        this.end = end;
    }

    /** Of a segment of which nothing has been read. */
    static IndexSoFar none(int headerLength) {
        return new IndexSoFar(new SegmentIndex(), headerLength);
    }

    /** The same, to be added to. */
    IndexSoFar copy() {
        return new IndexSoFar(index.copy(), end);
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

    /** Adds the records that stand behind those that count already. */
    public void addNext(SegmentScan scan) throws IOException {
        scan.seek(end);
        while (scan.next()) {
            add(scan);
        }
    }

    /** The records. */
    public SegmentIndex index() {
        return index;
    }

    /** Offset where they end. */
    int end() {
        return end;
    }

    /** Where those of a range of time are. */
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
