package dev.streamwal.pack;

/**
 * What the catalogue of keys says of a segment in a pack.
 *
 * @param pack which of the packs that are covered has it, from 0
 * @param basePosition stream position of its first record
 * @param bytes of its frames
 * @param isInWindow whether all of its records have timestamps in the pack's window; else they may have any
 */
public record CatalogedSegment(int pack, long basePosition, long bytes, boolean isInWindow) {

    /** Stream position where its data ends. */
    public long endPosition() {
        return basePosition + bytes;
    }
}
