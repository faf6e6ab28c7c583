package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;

/**
 * What a pack's table says of a segment. With the pack's header it is all that the segment's own header said, but for how far it could have
 * grown.
 *
 * @param basePosition stream position of the segment's first record
 * @param previousEnd stream position where the stream's data before the segment ends
 * @param incarnation of the log when the segment was created
 * @param salt part of every record's checksum
 * @param createdMillis epoch ms by the writer's clock
 * @param featureFlags see {@link SegmentHeaderLayout#FEATURE_FLAGS}
 * @param offset of the first frame in the pack's file
 * @param dataBytes of the frames
 * @param lastRecordSize of the last frame; 0 where there is none
 * @param records data records
 * @param firstRecord how far behind the first frame the first data record begins; 0 where there is none
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} where there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} where there is no record
 * @param indexBytes of the index behind the frames; 0 where what stands here says as much
 */
public record PackEntry(
        StreamKey key,
        long basePosition,
        long previousEnd,
        long incarnation,
        long salt,
        long createdMillis,
        int featureFlags,
        long offset,
        int dataBytes,
        int lastRecordSize,
        long records,
        int firstRecord,
        long smallestMillis,
        long largestMillis,
        int indexBytes) {

    /** Frames and index. */
    public long storedBytes() {
        return (long) dataBytes + indexBytes;
    }

    /** Stream position where the frames end. */
    public long endPosition() {
        return basePosition + dataBytes;
    }

    /** Of the segment's header, which isn't stored. */
    public int headerLength() {
        return SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    /** Where in the pack's file an offset of the segment is. */
    public long fileOffset(long segmentOffset) {
        return offset + Math.max(0, segmentOffset - headerLength());
    }
}
