package dev.streamwal.pack;

import dev.streamwal.format.Window;

/**
 * What a pack's header says, and what its segments have in common.
 *
 * @param number of the pack, never given twice in a log
 * @param window of all its segments
 * @param expirationMillis of all its segments: epoch ms from which on the file may be deleted
 * @param optionsHash of the options under which it was made
 * @param level how often its segments were merged, from 0 on
 * @param createdMillis epoch ms by the writer's clock
 * @param incarnation of the log when the pack was made
 * @param isInBlocks whether frames stand in {@link FrameBlocks blocks}, where they take less so; else all stand as they are
 */
public record PackHeader(
        long number, Window window, long expirationMillis, long optionsHash, int level, long createdMillis, long incarnation,
        boolean isInBlocks) {

    public static final int MAX_LEVEL = 255;

    /** Of a pack whose frames stand as they are. */
    public PackHeader(long number, Window window, long expirationMillis, long optionsHash, int level, long createdMillis, long incarnation) {
        this(number, window, expirationMillis, optionsHash, level, createdMillis, incarnation, false);
    }

    /** The same, of a pack whose frames stand in blocks. */
    public PackHeader inBlocks() {
        return new PackHeader(number, window, expirationMillis, optionsHash, level, createdMillis, incarnation, true);
    }

    /** The same rules by which {@link PackHeaderLayout#decode} believes a header. */
    public PackHeader {
        if (expirationMillis < 0 || number < 0 || level < 0 || level > MAX_LEVEL) {
            throw new IllegalArgumentException("a pack has a number, an expiration and a level up to " + MAX_LEVEL + ": number=" + number
                    + ", expiration=" + expirationMillis + ", level=" + level);
        }
    }
}
