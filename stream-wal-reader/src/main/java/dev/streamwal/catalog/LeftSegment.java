package dev.streamwal.catalog;

import dev.streamwal.segment.Segment;

/**
 * What a walk remembers of the segment that it has left: enough to tell whether a segment at the same place is a longer one. It keeps no pack in memory,
 * because the log may have deleted the pack long ago.
 *
 * @param isEndListed whether the listing told where it ended; then its records may have moved, to segments that begin elsewhere
 * @param packNumber number of its pack; -1 if it was in none
 * @param listedEnd where it ended by the listing
 */
public record LeftSegment(boolean isEndListed, long packNumber, long listedEnd) {

    private static final long NO_PACK = -1;

    /** What to remember of a segment that is being left. */
    public static LeftSegment of(Segment segment) {
        return new LeftSegment(segment.isEndListed(), segment instanceof PackedSegment packed ? packed.packNumber() : NO_PACK, segment.listedEnd());
    }

    boolean isPacked() {
        return packNumber != NO_PACK;
    }
}
