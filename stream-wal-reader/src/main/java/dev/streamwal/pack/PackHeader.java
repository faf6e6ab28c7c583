package dev.streamwal.pack;

import dev.streamwal.format.Window;

/**
 * What a pack's header says.
 *
 * @param window the span of time that its records are of; late ones may be older
 * @param expirationMillis epoch ms from which on all of its parts may be deleted
 * @param lowestBase the smallest stream position at which a part begins
 * @param highestEnd the largest stream position at which one ends
 * @param incarnation of the log when the pack was made
 * @param salt random
 * @param createdMillis epoch ms by the writer's clock
 * @param packNumber never given twice in a log
 * @param classId of the streams whose data expire together
 * @param level how often its records were packed and merged, from 0 on
 * @param codecs bit n says that parts with codec n may be in it
 * @param featureFlags see {@link PackHeaderLayout#FEATURE_FLAGS}
 */
public record PackHeader(
        Window window,
        long expirationMillis,
        long lowestBase,
        long highestEnd,
        long incarnation,
        long salt,
        long createdMillis,
        long packNumber,
        long logId,
        int classId,
        int level,
        int codecs,
        int featureFlags) {

    /** The same rules by which {@link PackHeaderLayout#decode} believes a header. */
    public PackHeader {
        if (expirationMillis < 0 || lowestBase < 0 || highestEnd < lowestBase || packNumber < 0 || level < 0 || level > 255) {
            throw new IllegalArgumentException("a pack has an expiration, a number, a level and ends behind its beginning: expiration="
                    + expirationMillis + ", packNumber=" + packNumber + ", level=" + level + ", lowestBase=" + lowestBase + ", highestEnd="
                    + highestEnd);
        }
    }

    /** Of a pack of raw parts that is about to be written: the writer finds out which positions are in it. */
    public static PackHeader ofRaw(Window window, long expirationMillis, long incarnation, long salt, long createdMillis, long packNumber,
            long logId, int classId, int level) {
        return new PackHeader(window, expirationMillis, 0, 0, incarnation, salt, createdMillis, packNumber, logId, classId, level,
                1 << PackEntry.RAW, PackHeaderLayout.PACK);
    }

    PackHeader withPositions(long newLowestBase, long newHighestEnd) {
        return new PackHeader(window, expirationMillis, newLowestBase, newHighestEnd, incarnation, salt, createdMillis, packNumber, logId,
                classId, level, codecs, featureFlags);
    }
}
