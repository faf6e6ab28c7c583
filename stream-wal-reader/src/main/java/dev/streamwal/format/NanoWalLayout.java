package dev.streamwal.format;

import java.nio.ByteBuffer;

/**
 * A record of a nano-wal 1.0 file, little-endian; the first stands behind the 16 bytes that {@link SegmentHeaderLayout} begins with, the
 * others each behind the one before. There is no padding, no checksum, no timestamp, and nothing at the file's end.
 *
 * <pre>
 *   0  6  signature         "NANORC"
 *   6  2  header length     unsigned
 *   8  8  content length    unsigned
 *  16     header, content
 * </pre>
 *
 * nano-wal 0.5 had the content length behind the header, and there are files of 1.0 with such records. Only the record's end shows which
 * order it has; without a header there is no difference.
 *
 * <pre>
 *   0  6  signature
 *   6  2  header length = h
 *   8  h  header
 * 8+h  8  content length
 *16+h     content
 * </pre>
 */
public final class NanoWalLayout {

    public static final int SIGNATURE = 0;
    public static final int HEADER_LENGTH = 6;
    public static final int CONTENT_LENGTH = 8;
    /** Bytes of a record without its own header and content. */
    public static final int PREFIX_BYTES = 16;
    /** Offset of the header in a record that has the content length behind it. */
    public static final int EARLY_HEADER = CONTENT_LENGTH;

    /** Magic and expiration, in front of the first record. */
    public static final int FILE_HEADER_BYTES = SegmentHeaderLayout.EXTENSION_MAGIC;
    /** The header, and the extension magic behind it that a stream-wal segment has. */
    public static final int FILE_START_BYTES = FILE_HEADER_BYTES + Long.BYTES;

    /** Largest frame that is read into a buffer; the format has 64 bits for a length. */
    public static final int MAX_FRAME_BYTES = (1 << 28) - 1;

    public static final int SIGNATURE_BYTES = HEADER_LENGTH - SIGNATURE;
    private static final byte[] SIGNATURE_VALUE = {'N', 'A', 'N', 'O', 'R', 'C'};
    private static final byte[] FILE_MAGIC = {'N', 'A', 'N', 'O', '-', 'L', 'O', 'G'};

    private NanoWalLayout() {}

    /** Whether a record's signature stands there. */
    public static boolean isRecord(ByteBuffer source, int index) {
        return RecordLayout.isCommitWord(source.getLong(index + SIGNATURE));
    }

    /** How many of the signature's first {@code count} bytes stand there. */
    public static int signatureBytes(ByteBuffer source, int index, int count) {
        int same = 0;
        for (int i = 0; i < count; i++) {
            same += source.get(index + i) == SIGNATURE_VALUE[i] ? 1 : 0;
        }
        return same;
    }

    public static int headerLength(ByteBuffer source, int index) {
        return Short.toUnsignedInt(source.getShort(index + HEADER_LENGTH));
    }

    /** The length as stored: negative if it is 2^63 or more. */
    public static long contentLength(ByteBuffer source, int index) {
        return source.getLong(index + CONTENT_LENGTH);
    }

    /** As {@link #contentLength}, for a record that has it behind the header. */
    public static long contentLengthBehind(ByteBuffer source, int index, int headerLength) {
        return source.getLong(index + EARLY_HEADER + headerLength);
    }

    /** Turns a frame with the content length behind the header into one with it before, in its place. */
    public static void putLengthInFront(ByteBuffer frame, int index, int headerLength) {
        long contentLength = contentLengthBehind(frame, index, headerLength);
        frame.put(index + PREFIX_BYTES, frame, index + EARLY_HEADER, headerLength);
        frame.putLong(index + CONTENT_LENGTH, contentLength);
    }

    /**
     * The one check of a record's lengths, made before anything is read or allocated.
     *
     * @param available bytes from the record's start to the file's end
     * @return the frame's length, or -1 if it reaches beyond the file's end
     */
    public static long checkedFrameBytes(int headerLength, long contentLength, long available) {
        long left = available - PREFIX_BYTES - headerLength;
        return contentLength < 0 || contentLength > left ? -1 : PREFIX_BYTES + headerLength + contentLength;
    }

    /** Whether these are the first bytes of a header that isn't complete: the file is being written. */
    public static boolean isHeaderBegun(ByteBuffer source, int available) {
        for (int i = 0; i < Math.min(available, FILE_MAGIC.length); i++) {
            if (source.get(i) != FILE_MAGIC[i]) {
                return false;
            }
        }
        return available < FILE_HEADER_BYTES;
    }

    /**
     * The expiration in a file's header, epoch ms.
     *
     * @param source the file's first bytes from the buffer's index 0 on, little-endian: {@link #FILE_START_BYTES} of them, or all there are
     * @param available how many there are
     * @throws FormatException if this is no nano-wal file
     */
    public static long decodeHeader(ByteBuffer source, int available) throws FormatException {
        if (available < FILE_HEADER_BYTES) {
            throw FormatException.corrupt(
                    "nano-wal file is shorter than its header of " + FILE_HEADER_BYTES + " bytes: bytes=" + available);
        }
        long magic = source.getLong(SegmentHeaderLayout.MAGIC);
        if (!SegmentHeaderLayout.isMagic(magic)) {
            throw FormatException.corrupt("nano-wal file doesn't start with \"NANO-LOG\": actual=0x" + Long.toHexString(magic));
        }
        if (available >= FILE_START_BYTES && SegmentHeaderLayout.isExtension(source.getLong(FILE_HEADER_BYTES))) {
            throw FormatException.unsupported("file is a stream-wal segment, not a nano-wal file", "open its log with WalReader.open");
        }
        return source.getLong(SegmentHeaderLayout.EXPIRATION);
    }
}
