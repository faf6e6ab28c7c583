package dev.streamwal.journal;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;

/**
 * How far a segment without a footer is durable.
 *
 * @param basePosition stream position of the segment's first record
 * @param salt of the segment
 * @param durableOffset everything in front of it in the segment's file, the file's name included, survives power loss
 */
public record FrontierSegment(StreamKey key, long basePosition, long salt, int durableOffset) {

    /** The same rules by which {@link FrontierLayout#decode} believes one. */
    public FrontierSegment {
        if (basePosition < 0 || durableOffset < SegmentHeaderLayout.headerLength(key.utf8Length())) {
            throw new IllegalArgumentException("a durable segment has a position, and at least its header: key=" + key + ", basePosition="
                    + basePosition + ", durableOffset=" + durableOffset);
        }
    }
}
