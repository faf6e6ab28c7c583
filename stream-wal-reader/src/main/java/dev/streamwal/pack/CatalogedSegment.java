package dev.streamwal.pack;

/**
 * A packed segment as listed in the catalogue of keys.
 *
 * @param pack index of its pack among the packs that the catalogue covers, from 0
 * @param basePosition stream position of its first record
 * @param bytes of its frames
 * @param spread of its records' timestamps, see {@link TimeSpread}
 * @param block place of its entry in the pack's table: where the table block begins, in units of 8 bytes behind the table's beginning
 */
public record CatalogedSegment(int pack, long basePosition, long bytes, long spread, int block) {

    /** Stream position where its data ends. */
    public long endPosition() {
        return basePosition + bytes;
    }
}
