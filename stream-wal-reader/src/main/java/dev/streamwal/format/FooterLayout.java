package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The content of a {@link RecordLayout#FOOTER} record, which starts where the data ends and ends where the file does.
 * It is written only after everything before it was forced, so a valid footer proves that the whole segment is durable.
 *
 * <pre>
 *   0  n  segment header    a copy, its mark and its flag CUT as zero; n is the header's length
 *   n  8  records           data records
 *  +8  8  smallest          timestamp, epoch ms; Long.MAX_VALUE if there is no record
 * +16  8  largest           timestamp, epoch ms; Long.MIN_VALUE if there is no record
 * +24  4  block bytes       {@link SegmentIndex#BLOCK_BYTES}, or in packs {@link SegmentIndex#PACKED_BLOCK_BYTES}; a power of two, at least 4,096
 * +28  4  blocks            in which a data record starts
 * +32     blocks of 24 bytes: u32 offset of the first data record, u32 zero, i64 smallest, i64 largest timestamp
 *         zero padding
 *  -8  8  footer size       of the whole record: the file's last 8 bytes
 * </pre>
 */
public final class FooterLayout {

    /** A file is never cut below this: cutting it to nothing would make ext4 flush it when it is closed. */
    public static final int PAGE_BYTES = 4_096;

    private static final int RECORDS = 0;
    private static final int SMALLEST = 8;
    private static final int LARGEST = 16;
    private static final int BLOCK_BYTES = 24;
    private static final int BLOCKS = 28;
    private static final int FIXED_BYTES = 32;

    private static final int BLOCK_OFFSET = 0;
    private static final int BLOCK_SMALLEST = 8;
    private static final int BLOCK_LARGEST = 16;
    private static final int BLOCK_ENTRY_BYTES = 24;

    private static final int SIZE_BYTES = Long.BYTES;

    private FooterLayout() {}

    /**
     * How long the file is once the footer stands behind the data.
     *
     * @throws IllegalArgumentException if that is more than offsets of 31 bits reach
     */
    public static int sealedLength(int dataEnd, int headerLength, int blocks) {
        long length = Math.max(PAGE_BYTES, dataEnd + frameBytes(headerLength, blocks));
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("sealed segment would be longer than 2 GiB: dataEnd=" + dataEnd
                    + ", length=" + length);
        }
        return (int) length;
    }

    private static long frameBytes(int headerLength, int blocks) {
        return RecordLayout.PREFIX_BYTES + headerLength + FIXED_BYTES + (long) blocks * BLOCK_ENTRY_BYTES + SIZE_BYTES;
    }

    /**
     * The whole footer record, which goes to {@code dataEnd}.
     *
     * @param lastRecordSize the frame of the last record before the footer; 0 if there is none
     */
    public static ByteBuffer encode(SegmentHeader header, int dataEnd, int lastRecordSize, SegmentIndex index) {
        int frame = sealedLength(dataEnd, header.headerLength(), index.blocks()) - dataEnd;
        ByteBuffer out = ByteBuffer.allocate(frame).order(ByteOrder.LITTLE_ENDIAN);
        int content = RecordLayout.PREFIX_BYTES;
        out.put(content, SegmentHeaderLayout.encode(header.with(false, 0)), 0, header.headerLength());
        int facts = content + header.headerLength();
        out.putLong(facts + RECORDS, index.records());
        out.putLong(facts + SMALLEST, index.smallestTimestampMillis());
        out.putLong(facts + LARGEST, index.largestTimestampMillis());
        out.putInt(facts + BLOCK_BYTES, index.blockBytes());
        out.putInt(facts + BLOCKS, index.blocks());
        for (int block = 0; block < index.blocks(); block++) {
            int entry = facts + FIXED_BYTES + block * BLOCK_ENTRY_BYTES;
            out.putInt(entry + BLOCK_OFFSET, index.firstOffset(block));
            out.putLong(entry + BLOCK_SMALLEST, index.smallestTimestampMillis(block));
            out.putLong(entry + BLOCK_LARGEST, index.largestTimestampMillis(block));
        }
        out.putLong(frame - SIZE_BYTES, frame);
        int contentLength = frame - RecordLayout.PREFIX_BYTES;
        encodeFrame(out, contentLength, RecordLayout.FOOTER, lastRecordSize, header.salt(), header.positionAt(dataEnd));
        return out;
    }

    /** Frames a control record whose content stands already in {@code out}, an array-backed buffer. */
    static void encodeFrame(ByteBuffer out, int contentLength, int flags, int previousSize, long salt, long position) {
        RecordChecksum checksum = new RecordChecksum();
        checksum.reset();
        checksum.update(out.array(), out.arrayOffset() + RecordLayout.PREFIX_BYTES, contentLength);
        long commitWord = RecordLayout.commitWord(0);
        int crc = checksum.finish(salt, position, commitWord, contentLength, flags, previousSize, 0);
        RecordLayout.encodePrefix(out, 0, contentLength, flags, crc, previousSize, 0);
        out.putLong(RecordLayout.COMMIT_WORD, commitWord);
    }

    /**
     * Where a footer that ends at the file's end would start.
     *
     * @param last the file's last 8 bytes, little-endian
     * @return the offset, or -1 if there can't be one: then the segment is judged like a tail
     */
    public static int startOffset(SegmentHeader header, long fileLength, long last) {
        boolean possible = fileLength <= Integer.MAX_VALUE && fileLength >= PAGE_BYTES
                && fileLength % RecordLayout.ALIGNMENT == 0
                && last >= frameBytes(header.headerLength(), 0) && last % RecordLayout.ALIGNMENT == 0
                && last <= fileLength - header.headerLength();
        return possible ? (int) (fileLength - last) : -1;
    }

    /**
     * Decodes the footer that {@code view} stands on, whose checksum was right.
     *
     * @param buffer the buffer of the view
     * @param offset in the file, of the footer's start
     * @throws FormatException if it is a valid record and yet no footer of this segment
     */
    public static Footer decode(RecordView view, ByteBuffer buffer, int offset, SegmentHeader header)
            throws FormatException {
        if (view.flags() != RecordLayout.FOOTER) {
            throw FormatException.corrupt("last record of a sealed segment is not a footer: flags=0x"
                    + Integer.toHexString(view.flags()));
        }
        int frame = view.frameBytes();
        if (view.headerLength() != 0 || frame < frameBytes(header.headerLength(), 0)
                || buffer.getLong(view.index() + frame - SIZE_BYTES) != frame) {
            throw FormatException.corrupt("footer is too short for the segment's header, or doesn't end with its own size: size="
                    + frame);
        }
        checkCopy(buffer, view.contentIndex(), header);
        int dataBytes = offset - header.headerLength();
        if (dataBytes < 0 || view.previousSize() < 0 || view.previousSize() > dataBytes
                || (view.previousSize() == 0) != (dataBytes == 0)) {
            throw FormatException.corrupt("footer's previous size doesn't fit the " + dataBytes
                    + " bytes of data before it: previousSize=" + view.previousSize());
        }
        int facts = view.contentIndex() + header.headerLength();
        return new Footer(offset, view.previousSize(), decodeIndex(buffer, facts, frame, offset, header));
    }

    private static void checkCopy(ByteBuffer buffer, int index, SegmentHeader header) throws FormatException {
        int length = header.headerLength();
        ByteBuffer copy = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).put(0, buffer, index, length);
        if (!SegmentHeaderLayout.decode(copy, length).with(false, 0).equals(header.with(false, 0))) {
            throw FormatException.corrupt("footer's copy of the segment header differs: length=" + length);
        }
    }

    private static SegmentIndex decodeIndex(
            ByteBuffer buffer, int facts, int frame, int dataEnd, SegmentHeader header) throws FormatException {
        long records = buffer.getLong(facts + RECORDS);
        int blocks = buffer.getInt(facts + BLOCKS);
        int blockBytes = buffer.getInt(facts + BLOCK_BYTES);
        if (blockBytes < SegmentIndex.MIN_BLOCK_BYTES || Integer.bitCount(blockBytes) != 1 || blocks < 0 || records < blocks
                || frameBytes(header.headerLength(), blocks) > frame) {
            throw FormatException.corrupt("footer's index doesn't fit the footer: blockBytes=" + blockBytes + ", blocks=" + blocks + ", records="
                    + records);
        }
        SegmentIndex index = new SegmentIndex(blockBytes, records, buffer.getLong(facts + SMALLEST), buffer.getLong(facts + LARGEST));
        long least = header.headerLength();
        for (int block = 0; block < blocks; block++) {
            int entry = facts + FIXED_BYTES + block * BLOCK_ENTRY_BYTES;
            int first = buffer.getInt(entry + BLOCK_OFFSET);
            if (first < least || first >= dataEnd || first % RecordLayout.ALIGNMENT != 0) {
                throw FormatException.corrupt("first record of a block in the footer's index is outside the block: block=" + block
                        + ", offset=" + first);
            }
            index.addBlock(first, buffer.getLong(entry + BLOCK_SMALLEST), buffer.getLong(entry + BLOCK_LARGEST));
            least = (first / blockBytes + 1L) * blockBytes;
        }
        return index;
    }
}
