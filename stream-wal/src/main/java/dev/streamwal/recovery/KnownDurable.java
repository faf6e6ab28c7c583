package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * What other sources than a stream's segments tell about what has to be there: the durable frontier, and what was deleted on purpose. Many threads
 * ask at once.
 */
public interface KnownDurable {

    /** Without a journal: only footers tell what is durable, and deletions aren't recorded. */
    KnownDurable NOTHING = new KnownDurable() {

        @Override
        public int durableOffset(SegmentHeader header) {
            return 0;
        }

        @Override
        public OptionalLong deletedBelow(StreamKey key) {
            return OptionalLong.empty();
        }

        @Override
        public boolean tellsOfDeletions() {
            return false;
        }
    };

    /**
     * Everything before this offset in that segment's file, its name included, was acknowledged as durable; 0 if nothing is known. If it is not 0,
     * everything in the segments before it was acknowledged as durable, too. Between two records, or at the end of the header.
     *
     * @param header of the segment: key, base position and salt identify it
     */
    int durableOffset(SegmentHeader header);

    /**
     * The stream's segments with a base position below this were deleted on purpose, so it is known why they are gone; empty if nothing is known to
     * have been deleted.
     */
    OptionalLong deletedBelow(StreamKey key) throws IOException;

    /** Whether a stream's data outside of its own segments continues up to a position, so that nothing is missing before it. */
    default boolean isElsewhereUpTo(StreamKey key, long position) throws IOException {
        return false;
    }

    /**
     * Where the stream's data ended before the first of what it has outside of its own segments between two positions; the second position if, as far
     * as is known, it has nothing there.
     *
     * @param base of a segment of its own
     * @param end where the next one says that the data before it ended
     */
    default long endBefore(StreamKey key, long base, long end) throws IOException {
        return end;
    }

    /**
     * Whether every deletion was told to {@link #deletedBelow} before it was carried out. If not, a stream may begin anywhere, and a lost beginning
     * can't be noticed.
     */
    default boolean tellsOfDeletions() {
        return true;
    }
}
