package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;

/**
 * What a pack's table says of a packed segment.
 *
 * @param basePosition stream position of the first record
 * @param previousEnd stream position where the stream's data before the segment ends
 * @param createdMillis of the segment, by its writer's clock
 * @param incarnation of the log when the segment was created
 * @param salt of its records' checksums
 * @param featureFlags of its header
 * @param offset of its frames in the pack's file
 * @param dataBytes of its frames
 * @param indexBytes of the footer behind the frames, in which the index is; 0 where the entry says all
 * @param lastRecordSize of the last frame; 0 where there is none
 * @param records data records
 * @param firstRecord bytes from the first frame to the first data record; 0 where there is none
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} where there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} where there is no record
 */
public record PackEntry(
        StreamKey key,
        long basePosition,
        long previousEnd,
        long createdMillis,
        long incarnation,
        long salt,
        int featureFlags,
        long offset,
        int dataBytes,
        int indexBytes,
        int lastRecordSize,
        long records,
        int firstRecord,
        long smallestMillis,
        long largestMillis) {

    /** Of what stands between two positions of it, at which records begin or end; without what its records say of themselves. */
    public PackEntry between(long position, long end) {
        long from = Math.max(position, basePosition);
        int bytes = (int) (Math.min(end, endPosition()) - from);
        boolean isBeginning = from == basePosition;
        return new PackEntry(key, from, isBeginning ? previousEnd : from, createdMillis, incarnation, salt, featureFlags,
                offset + (from - basePosition), bytes, 0, 0, 0, 0, SegmentIndex.NO_SMALLEST, SegmentIndex.NO_LARGEST);
    }

    /** Of the segment's header, which isn't stored. */
    public int headerLength() {
        return SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    /** Offset in the segment where its data ends. */
    public int dataEnd() {
        return headerLength() + dataBytes;
    }

    /** Stream position where its data ends. */
    public long endPosition() {
        return basePosition + dataBytes;
    }
}
