package dev.streamwal.pack;

/**
 * What a pack's footer says.
 *
 * @param tableOffset where the parts end and the table blocks begin
 * @param tableBlocks how many
 * @param indexOffset where the table blocks end and the block index begins
 * @param indexBytes of the block index, behind which the sources follow
 * @param sourcesBytes of the sources, behind which the footer follows
 * @param parts how many
 * @param records data records of all parts
 * @param logicalBytes of all parts' frames
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} where there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} where there is no record
 * @param fileLength bytes
 * @param headerChecksum the one in the header
 * @param featureFlags those of the header
 */
public record PackFooter(
        long tableOffset,
        int tableBlocks,
        long indexOffset,
        int indexBytes,
        int indexChecksum,
        int sourcesBytes,
        int sourcesChecksum,
        long parts,
        long records,
        long logicalBytes,
        long smallestMillis,
        long largestMillis,
        long fileLength,
        long packNumber,
        long logId,
        int headerChecksum,
        int featureFlags) {

    long sourcesOffset() {
        return indexOffset + indexBytes;
    }
}
