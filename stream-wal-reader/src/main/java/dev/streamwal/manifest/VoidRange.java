package dev.streamwal.manifest;

import dev.streamwal.format.StreamKey;

/**
 * Segments that don't count any more, though packs have them: they were deleted, or cut off, or have their file back. Positions are never given
 * twice, so what is packed later isn't meant.
 *
 * @param from the first base position that is meant
 * @param to the first behind it that isn't
 * @param packsBelow only packs with a lower number are meant
 */
public record VoidRange(StreamKey key, long from, long to, long packsBelow) {

    public VoidRange {
        if (from < 0 || to <= from || packsBelow < 1) {
            throw new IllegalArgumentException("a range of positions has some: stream=" + key + ", from=" + from + ", to=" + to
                    + ", packsBelow=" + packsBelow);
        }
    }

    boolean covers(long basePosition, long packNumber) {
        return basePosition >= from && basePosition < to && packNumber < packsBelow;
    }

    /** Whether all that another one says is said by this one. */
    boolean covers(VoidRange other) {
        return key.equals(other.key) && from <= other.from && to >= other.to && packsBelow >= other.packsBelow;
    }
}
