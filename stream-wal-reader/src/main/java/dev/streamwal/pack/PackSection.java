package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.SegmentBytes;

/**
 * Frames of a part that stood in one segment.
 *
 * @param header of that segment, as far as the pack has kept it: its capacity and mark say nothing
 * @param bytes as they would be in a file: the header, then the frames
 * @param logicalOffset of the first frame among the part's
 */
public record PackSection(SegmentHeader header, SegmentBytes bytes, long logicalOffset) {}
