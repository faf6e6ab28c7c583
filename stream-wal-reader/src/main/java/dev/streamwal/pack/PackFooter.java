package dev.streamwal.pack;

/**
 * A pack's footer, decoded.
 *
 * @param tableOffset where the segments end and the table blocks begin
 * @param indexOffset where the table blocks end and the block index begins
 * @param indexBytes of the block index; the footer follows it
 * @param indexChecksum the one in the block index
 * @param segments how many
 * @param records data records of all segments
 * @param dataBytes of all segments' frames
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} if there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} if there is no record
 * @param fileLength bytes
 * @param tableBlocks how many
 * @param headerChecksum the one in the header
 * @param repeatsHeader whether the header stands once more before the footer, as in all packs that this version writes
 */
public record PackFooter(
        long tableOffset,
        long indexOffset,
        int indexBytes,
        int indexChecksum,
        long segments,
        long records,
        long dataBytes,
        long smallestMillis,
        long largestMillis,
        long fileLength,
        int tableBlocks,
        int headerChecksum,
        boolean repeatsHeader) {}
