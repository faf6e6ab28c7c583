package dev.streamwal.manifest;

import dev.streamwal.format.StreamKey;

/**
 * A range that was deleted or cut off, and doesn't count any more, though packs or shared segments still have it. In packs the range covers the
 * segments that begin in it; in shared segments it covers the records in it. Positions are never given twice, so it doesn't cover later appends.
 *
 * @param from the first base position covered
 * @param to the first position behind it that isn't covered
 * @param packsBelow only packs with a lower number are covered
 * @param sharedBelow in shared segments, only records below this position of the shared stream are covered
 */
public record VoidRange(StreamKey key, long from, long to, long packsBelow, long sharedBelow) {

    public VoidRange {
        if (from < 0 || to <= from || packsBelow < 1 || sharedBelow < 0) {
            throw new IllegalArgumentException("void range is empty or has an invalid limit: stream=" + key + ", from=" + from + ", to=" + to
                    + ", packsBelow=" + packsBelow + ", sharedBelow=" + sharedBelow);
        }
    }

    /** Whether it covers the segment that begins at a position in a pack. */
    public boolean covers(long basePosition, long packNumber) {
        return basePosition >= from && basePosition < to && packNumber < packsBelow;
    }

    /** Whether it covers a part of what stands between two positions, but not all of it. */
    public boolean isWithin(long basePosition, long endPosition) {
        boolean isAll = from <= basePosition && endPosition <= to;
        return from < endPosition && basePosition < to && !isAll;
    }

    /** With all packs below a number covered; the same if they are covered already. */
    VoidRange inPacksBelow(long number) {
        return new VoidRange(key, from, to, Math.max(packsBelow, number), sharedBelow);
    }

    /** Whether this range covers all that another one covers. */
    boolean covers(VoidRange other) {
        return key.equals(other.key) && from <= other.from && to >= other.to && packsBelow >= other.packsBelow
                && sharedBelow >= other.sharedBelow;
    }
}
