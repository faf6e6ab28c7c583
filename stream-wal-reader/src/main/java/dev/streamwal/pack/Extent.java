package dev.streamwal.pack;

/**
 * The place of a packed segment's frames in the pack's file.
 *
 * @param offset where the frames, or the blocks in which they are stored, begin
 * @param storedBytes of the {@link FrameBlocks blocks} in which the frames are stored, with their list; 0 if they are stored plain
 * @param listBytes of the list before the blocks; 0 if there is one block, and no list
 */
public record Extent(long offset, int storedBytes, int listBytes) {

    /** The place of frames that are stored plain. */
    static Extent asTheyAre(long offset) {
        return new Extent(offset, 0, 0);
    }

    /** Whether the frames are stored plain. */
    boolean isAsTheyAre() {
        return storedBytes == 0;
    }
}
