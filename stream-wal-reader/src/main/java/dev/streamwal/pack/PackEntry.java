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
 * @param extent where its frames are in the pack's file
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
        Extent extent,
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
                extent.behind((int) (from - basePosition)), bytes, 0, 0, 0, 0, SegmentIndex.NO_SMALLEST, SegmentIndex.NO_LARGEST);
    }

    /** Where in the pack's file begins what is stored of it. */
    public long offset() {
        return extent.offset();
    }

    /** Where in the pack's file an offset of the segment stands; where its frames are in blocks, where these begin. */
    public long fileOffset(long offset) {
        return extent.isAsTheyAre() ? extent.offset() + Math.max(0, offset - headerLength()) : extent.offset();
    }

    /** What it takes in the pack's file, beside what the table says of it. */
    public int storedBytes() {
        return frameBytes() + indexBytes;
    }

    /** What its frames take in the pack's file. */
    int frameBytes() {
        return extent.isAsTheyAre() ? dataBytes : extent.storedBytes();
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
