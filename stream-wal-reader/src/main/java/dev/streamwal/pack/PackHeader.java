package dev.streamwal.pack;

import dev.streamwal.format.Window;

/**
 * What a pack's header says.
 *
 * @param number never given twice in a log
 * @param window of all of its segments
 * @param expirationMillis epoch ms from which on all of its segments may be deleted
 * @param optionsHash of the options by which segments got their windows and expirations when the pack was made
 * @param level how often its records were packed and merged, from 0 on
 * @param createdMillis epoch ms by the writer's clock
 */
public record PackHeader(long number, Window window, long expirationMillis, long optionsHash, int level, long createdMillis) {

    /** One byte. */
    public static final int MAX_LEVEL = 255;

    /** The same rules by which {@link PackHeaderLayout#decode} believes a header. */
    public PackHeader {
        if (number < 1 || expirationMillis < 0 || level < 0 || level > MAX_LEVEL) {
            throw new IllegalArgumentException("a pack has a positive number, an expiration and a level: number=" + number + ", expiration="
                    + expirationMillis + ", level=" + level);
        }
    }
}
