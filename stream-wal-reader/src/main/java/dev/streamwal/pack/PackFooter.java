package dev.streamwal.pack;

/**
 * What a pack's footer says.
 *
 * @param tableOffset where the frames end and the table blocks begin
 * @param tableBlocks how many
 * @param indexOffset where the table blocks end and the block index begins
 * @param indexBytes of the block index, behind which the footer follows
 * @param streams how many
 * @param segments of all streams
 * @param records data records of all segments
 * @param dataBytes of all segments' frames
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} where there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} where there is no record
 * @param fileBytes how long the file is
 * @param number the pack's
 * @param headerChecksum the one in the header
 */
public record PackFooter(
        long tableOffset,
        int tableBlocks,
        long indexOffset,
        int indexBytes,
        int indexChecksum,
        long streams,
        long segments,
        long records,
        long dataBytes,
        long smallestMillis,
        long largestMillis,
        long fileBytes,
        long number,
        int headerChecksum) {}
