package dev.streamwal.journal;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;

/**
 * How far a segment without a footer is durable.
 *
 * @param basePosition stream position of the segment's first record
 * @param salt of the segment
 * @param durableOffset everything before it in the segment's file, and the file's name, survives power loss
 */
public record FrontierSegment(StreamKey key, long basePosition, long salt, int durableOffset) {

    /** Checks what {@link FrontierLayout#decode} checks. */
    public FrontierSegment {
        if (basePosition < 0 || durableOffset < SegmentHeaderLayout.headerLength(key.utf8Length())) {
            throw new IllegalArgumentException("negative base position, or durable offset inside the segment's header: key=" + key + ", basePosition="
                    + basePosition + ", durableOffset=" + durableOffset);
        }
    }
}
