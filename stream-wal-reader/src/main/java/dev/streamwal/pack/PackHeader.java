package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.Window;

/**
 * A pack's header, decoded: facts that all its segments share.
 *
 * @param number of the pack, never given twice in a log
 * @param window of all its segments
 * @param expirationMillis of all its segments: epoch ms from which on the file may be deleted
 * @param optionsHash of the options under which it was made
 * @param level how often its segments were merged, from 0 on
 * @param createdMillis epoch ms by the writer's clock
 * @param incarnation of the log when the pack was made
 * @param isInBlocks whether frames are stored in {@link FrameBlocks blocks} if that takes less; else all are stored plain
 * @param hasSpreads whether the table has the {@link TimeSpread} of segments with late records, as in all packs that this version writes
 * @param isAfterDamage whether a segment may be {@linkplain SegmentHeader#isAfterDamage() after damage}; else no segment has to be asked
 */
public record PackHeader(
        long number, Window window, long expirationMillis, long optionsHash, int level, long createdMillis, long incarnation,
        boolean isInBlocks, boolean hasSpreads, boolean isAfterDamage) {

    public static final int MAX_LEVEL = 255;

    /** The header of a pack whose frames are stored plain. */
    public PackHeader(long number, Window window, long expirationMillis, long optionsHash, int level, long createdMillis, long incarnation) {
        this(number, window, expirationMillis, optionsHash, level, createdMillis, incarnation, false, true, false);
    }

    /** A copy, for a pack whose frames are stored in blocks. */
    public PackHeader inBlocks() {
        return new PackHeader(number, window, expirationMillis, optionsHash, level, createdMillis, incarnation, true, hasSpreads, isAfterDamage);
    }

    /** A copy that {@linkplain #isAfterDamage is after damage}, or isn't. */
    public PackHeader afterDamage(boolean is) {
        return new PackHeader(number, window, expirationMillis, optionsHash, level, createdMillis, incarnation, isInBlocks, hasSpreads, is);
    }

    /** Checks what {@link PackHeaderLayout#decode} checks. */
    public PackHeader {
        if (expirationMillis < 0 || number < 0 || level < 0 || level > MAX_LEVEL) {
            throw new IllegalArgumentException("pack header has a negative value, or a level above " + MAX_LEVEL + ": number=" + number
                    + ", expiration=" + expirationMillis + ", level=" + level);
        }
    }
}
