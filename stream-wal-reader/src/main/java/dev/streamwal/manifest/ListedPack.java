package dev.streamwal.manifest;

import dev.streamwal.format.Window;

/**
 * A pack that a log has, with what is asked of it without opening it.
 *
 * @param number never given twice in a log
 * @param window of all of its segments
 * @param expirationMillis epoch ms from which on all of its segments may be deleted
 * @param optionsHash of the options by which its segments have got their window and expiration; {@link #OTHER_OPTIONS} where it was others than
 *     those of when it was made
 * @param level how often its records were packed and merged
 * @param isCompressed whether it stands by column, where that takes less
 * @param bytes of the file
 * @param segments in it
 * @param records in it
 */
public record ListedPack(
        long number, Window window, long expirationMillis, long optionsHash, int level, boolean isCompressed, long bytes,
        long segments, long records) {

    /** Nobody knows under which options. */
    public static final long OTHER_OPTIONS = 0;

    public ListedPack {
        if (number < 1 || expirationMillis < 0 || level < 0 || bytes < 1 || segments < 1 || records < 0) {
            throw new IllegalArgumentException("a pack has a number, an expiration, bytes and segments: number=" + number + ", expiration="
                    + expirationMillis + ", level=" + level + ", bytes=" + bytes + ", segments=" + segments + ", records=" + records);
        }
    }

    /** Whether streams have their windows in the same order here and in another pack, and those expire in that order. */
    public boolean isOfSameOptions(long otherHash) {
        return optionsHash == otherHash && optionsHash != OTHER_OPTIONS;
    }
}
