package dev.streamwal.pack;

/**
 * A packed segment as listed in the catalogue of keys.
 *
 * @param pack index of its pack among the packs that the catalogue covers, from 0
 * @param basePosition stream position of its first record
 * @param bytes of its frames
 * @param spread of its records' timestamps, see {@link TimeSpread}
 */
public record CatalogedSegment(int pack, long basePosition, long bytes, long spread) {

    /** Stream position where its data ends. */
    public long endPosition() {
        return basePosition + bytes;
    }
}
