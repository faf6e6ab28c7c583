package dev.streamwal.segment;

import dev.streamwal.format.SegmentIndex;

/**
 * What a listing says about a segment, without reading its records.
 *
 * @param bytes of its file, or of its part of a file
 * @param records {@link #UNKNOWN} if only reading them tells how many there are
 * @param endPosition stream position where its data ends; {@link #UNKNOWN} if only reading tells
 * @param smallestTimestampMillis {@link SegmentIndex#NO_SMALLEST} if there is no record
 * @param largestTimestampMillis {@link SegmentIndex#NO_LARGEST} if there is no record
 */
public record SegmentSummary(long bytes, long records, long endPosition, long smallestTimestampMillis, long largestTimestampMillis) {

    public static final long UNKNOWN = -1;
}
