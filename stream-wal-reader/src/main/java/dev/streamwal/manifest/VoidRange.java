package dev.streamwal.manifest;

import dev.streamwal.format.StreamKey;

/**
 * What doesn't count any more, though packs or shared segments have it: it was deleted, or cut off. Of packs, segments that begin in the range are
 * meant; of shared segments, records. Positions are never given twice, so what is appended later isn't meant.
 *
 * @param from the first base position that is meant
 * @param to the first behind it that isn't
 * @param packsBelow only packs with a lower number are meant
 * @param sharedBelow what is meant stands below this position of the shared stream, where it stands in a shared segment
 */
public record VoidRange(StreamKey key, long from, long to, long packsBelow, long sharedBelow) {

    public VoidRange {
        if (from < 0 || to <= from || packsBelow < 1 || sharedBelow < 0) {
            throw new IllegalArgumentException("a range of positions has some: stream=" + key + ", from=" + from + ", to=" + to
                    + ", packsBelow=" + packsBelow);
        }
    }

    boolean covers(long basePosition, long packNumber) {
        return basePosition >= from && basePosition < to && packNumber < packsBelow;
    }

    /** Whether all that another one says is said by this one. */
    boolean covers(VoidRange other) {
        return key.equals(other.key) && from <= other.from && to >= other.to && packsBelow >= other.packsBelow
                && sharedBelow >= other.sharedBelow;
    }
}
