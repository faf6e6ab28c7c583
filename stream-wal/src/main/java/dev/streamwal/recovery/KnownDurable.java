package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * What is known from outside of a stream's segments of what has to be there: the durable frontier, and what was deleted on purpose. Asked
 * by many threads at once.
 */
public interface KnownDurable {

    /** No journal: what is durable is told by footers alone, and nobody keeps account of what was deleted. */
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
     * Everything in front of this offset in that segment's file, its name included, was acknowledged as durable; 0 where nothing is known.
     * Where it is not 0, so was everything in the segments before it. Between two records, or at the end of the header.
     *
     * @param header of the segment: key, base position and salt say which it is
     */
    int durableOffset(SegmentHeader header);

    /**
     * The stream's segments with a base position below this were deleted on purpose. What is gone below it is accounted for; empty where
     * nothing is known to have been deleted.
     */
    OptionalLong deletedBelow(StreamKey key) throws IOException;

    /** Whether what a stream has elsewhere than in segments of its own goes on up to a position, so that nothing is missing before it. */
    default boolean isElsewhereUpTo(StreamKey key, long position) throws IOException {
        return false;
    }

    /**
     * Whether every deletion was told to {@link #deletedBelow} before it was carried out. Where not, a stream may begin anywhere, and
     * nobody can tell that its beginning was lost.
     */
    default boolean tellsOfDeletions() {
        return true;
    }
}
