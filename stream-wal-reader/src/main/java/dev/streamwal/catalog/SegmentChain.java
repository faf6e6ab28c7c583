package dev.streamwal.catalog;

import dev.streamwal.segment.Segment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream's segments as they were listed, in order of position. Immutable. */
public final class SegmentChain {

    static final SegmentChain EMPTY = new SegmentChain(List.of());

    private final Segment[] segments;
    private final long[] basePositions;

    SegmentChain(List<Segment> sorted) {
        this.segments = sorted.toArray(Segment[]::new);
        this.basePositions = sorted.stream().mapToLong(Segment::basePosition).toArray();
    }

    /** How many there are. */
    public int size() {
        return segments.length;
    }

    /** In order of position, from 0. */
    public Segment get(int index) {
        return segments[index];
    }

    /** Index of the last segment that begins at or before the position; -1 where none does. */
    public int floor(long position) {
        int low = 0;
        int high = basePositions.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (basePositions[middle] <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /** The first segment that begins behind the position; null where none does. */
    public @Nullable Segment after(long position) {
        int index = floor(position) + 1;
        return index < segments.length ? segments[index] : null;
    }

    /** Where the segment behind this one begins; {@link Long#MAX_VALUE} where there is none. */
    public long nextBase(int index) {
        return index + 1 < basePositions.length ? basePositions[index + 1] : Long.MAX_VALUE;
    }
}
