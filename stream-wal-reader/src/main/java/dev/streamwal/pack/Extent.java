package dev.streamwal.pack;

/**
 * Where the frames of a packed segment stand in the pack's file.
 *
 * @param offset where they begin, or what is stored in their place
 * @param storedBytes of the {@link FrameBlocks blocks} that they are in; 0 where they stand as they are
 * @param listBytes of the list before the blocks; 0 where there is one block, and no list
 * @param skippedBytes of the frames in the blocks that stand before the first one that is meant
 */
public record Extent(long offset, int storedBytes, int listBytes, int skippedBytes) {

    /** Of frames that stand as they are. */
    static Extent asTheyAre(long offset) {
        return new Extent(offset, 0, 0, 0);
    }

    /** Whether the frames stand as they are. */
    boolean isAsTheyAre() {
        return storedBytes == 0;
    }

    /** Without their first bytes. */
    Extent behind(int bytes) {
        return isAsTheyAre() ? asTheyAre(offset + bytes) : new Extent(offset, storedBytes, listBytes, skippedBytes + bytes);
    }
}
