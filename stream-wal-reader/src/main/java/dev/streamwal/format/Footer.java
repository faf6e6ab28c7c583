package dev.streamwal.format;

/**
 * A sealed segment's footer, decoded.
 *
 * @param dataEnd offset where the data ends and the footer begins
 * @param lastRecordSize bytes from the last record's start to {@code dataEnd}; 0 if there is no record
 * @param index the data records' count and timestamps, whole and per block
 */
public record Footer(int dataEnd, int lastRecordSize, SegmentIndex index) {}
