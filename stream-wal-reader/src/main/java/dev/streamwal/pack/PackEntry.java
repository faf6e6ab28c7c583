package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;

/**
 * A packed segment as listed in the pack's table.
 *
 * @param basePosition stream position of the first record
 * @param previousEnd stream position where the stream's data before the segment ends
 * @param createdMillis of the segment, by its writer's clock
 * @param incarnation of the log when the segment was created
 * @param salt of its records' checksums
 * @param featureFlags of its header
 * @param extent place of its frames in the pack's file
 * @param dataBytes of its frames
 * @param indexBytes of the footer behind the frames, which has the index; 0 if the entry has all of the index
 * @param lastRecordSize of the last frame; 0 if there is none
 * @param records data records
 * @param firstRecord bytes from the first frame to the first data record; 0 if there is none
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} if there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} if there is no record
 * @param spread of its timestamps, see {@link TimeSpread}
 */
public record PackEntry(
        StreamKey key,
        long basePosition,
        long previousEnd,
        long createdMillis,
        long incarnation,
        long salt,
        int featureFlags,
        Extent extent,
        int dataBytes,
        int indexBytes,
        int lastRecordSize,
        long records,
        int firstRecord,
        long smallestMillis,
        long largestMillis,
        long spread) {

    /** Offset in the pack's file of the segment's stored bytes. */
    public long offset() {
        return extent.offset();
    }

    /** Offset in the pack's file of an offset in the segment; if the frames are stored in blocks, where the blocks begin. */
    public long fileOffset(long offset) {
        return extent.isAsTheyAre() ? extent.offset() + Math.max(0, offset - headerLength()) : extent.offset();
    }

    /** Bytes in the pack's file, without the table entry. */
    public int storedBytes() {
        return frameBytes() + indexBytes;
    }

    /** Bytes of its frames in the pack's file. */
    int frameBytes() {
        return extent.isAsTheyAre() ? dataBytes : extent.storedBytes();
    }

    /** Length of the segment's header, which isn't stored. */
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
