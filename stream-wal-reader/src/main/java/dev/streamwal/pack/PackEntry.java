package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;

/**
 * What a pack's table says of a part.
 *
 * @param flags see {@link PackTable}
 * @param basePosition stream position of the part's first record
 * @param previousEnd stream position where the stream's data before the part ends
 * @param logicalBytes of the part's frames
 * @param offset of the part in the file
 * @param records data records
 * @param smallestMillis timestamp; {@code Long.MAX_VALUE} where there is no record
 * @param largestMillis timestamp; {@code Long.MIN_VALUE} where there is no record
 * @param lastRecordDistance bytes from the start of the last data record to the end of the frames; 0 where there is none
 * @param sectionsBytes of the sections behind the frames; 0 where the part's own header says all
 */
public record PackEntry(
        StreamKey key,
        int flags,
        long basePosition,
        long previousEnd,
        long logicalBytes,
        long offset,
        long records,
        long smallestMillis,
        long largestMillis,
        long lastRecordDistance,
        int sectionsBytes) {

    /** Codec: a segment's header and its frames, as they are. */
    public static final int RAW = 0;
    /** Codec, reserved. */
    public static final int COLUMNS = 1;
    /** Codec, reserved. */
    public static final int COLUMNS_DEFLATE = 2;

    /** A part, as it is stored, is shorter than 64 GiB. */
    public static final long MAX_PART_BYTES = 1L << 36;

    /** Of the part in the file: header, frames, sections. */
    public long storedBytes() {
        return headerBytes() + logicalBytes + sectionsBytes;
    }

    /** Of the part's header. */
    public int headerBytes() {
        return SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    /** Whether it has bytes that didn't verify when it was packed, and were kept as they were. */
    public boolean isDamaged() {
        return (flags & PackTable.DAMAGED) != 0;
    }

    /** Whether it has a record in this span of time, the end not included, or may have one. */
    public boolean overlaps(long fromMillis, long toMillis) {
        return smallestMillis < toMillis && largestMillis >= fromMillis;
    }
}
