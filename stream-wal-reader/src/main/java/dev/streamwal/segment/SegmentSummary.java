package dev.streamwal.segment;

import dev.streamwal.format.SegmentIndex;

/**
 * What a listing says about a segment, without reading its records.
 *
 * @param bytes of its file, or of its part of a file
 * @param endPosition stream position where its data ends
 * @param smallestTimestampMillis {@link SegmentIndex#NO_SMALLEST} if there is no record
 * @param largestTimestampMillis {@link SegmentIndex#NO_LARGEST} if there is no record
 */
public record SegmentSummary(long bytes, long endPosition, long smallestTimestampMillis, long largestTimestampMillis) {}
