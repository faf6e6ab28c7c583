package dev.streamwal.format;

import java.nio.ByteBuffer;

/**
 * One record, 8-byte aligned, little-endian. The first 16 bytes are nano-wal's framing.
 *
 * <pre>
 *   0  8  commit word       "NANORC" + u16 header length; zero: nothing here (yet)
 *   8  4  content length    unsigned
 *  12  4  flags             see below
 *  16  4  checksum          CRC32C, see {@link RecordChecksum}
 *  20  4  previous size     bytes back to the previous record's start in this segment, 0 for the first
 *  24  8  timestamp         epoch ms
 *  32     header, content, zero padding to a multiple of 8
 * </pre>
 *
 * <p><b>Visibility.</b> A record is visible once its commit word is there, which is stored last, as one release store
 * after everything else. A member of a batch is visible once the commit word of its {@link BatchLayout batch record} is
 * there. A reader that finds the word and a wrong checksum has read during a positional write, or found damage;
 * {@code SegmentScan} tells which.
 *
 * <p><b>Durability.</b> A record before a valid {@link FooterLayout footer} is durable; in a segment without one it is
 * as durable as the page cache.
 */
public final class RecordLayout {

    public static final int COMMIT_WORD = 0;
    public static final int CONTENT_LENGTH = 8;
    public static final int FLAGS = 12;
    public static final int CHECKSUM = 16;
    public static final int PREVIOUS_SIZE = 20;
    public static final int TIMESTAMP = 24;
    /** Bytes before a record's own header and content. */
    public static final int PREFIX_BYTES = 32;

    public static final int ALIGNMENT = 8;
    /** The commit word's u16. */
    public static final int MAX_HEADER_BYTES = 65_535;
    /** The tail word in memory has 22 bits for a frame's size in units of 8. */
    public static final int MAX_FRAME_BYTES = (32 << 20) - ALIGNMENT;
    /** More than any data record's content can have; a larger length is garbage. */
    public static final int MAX_CONTENT_BYTES = 32 << 20;

    /** Not data. */
    public static final int CONTROL = 1;
    /** Belongs to the batch record before it. */
    public static final int MEMBER = 1 << 1;
    /** Reserved: deletes a key. */
    public static final int TOMBSTONE = 1 << 2;
    /** Header and content are encrypted: see {@link SealLayout}. */
    public static final int ENCRYPTED = 1 << 3;
    /** Reserved: the content is compressed. */
    public static final int COMPRESSED = 1 << 4;
    /** Reserved: the content ends with a digest. */
    public static final int DIGEST = 1 << 5;

    private static final int KIND_SHIFT = 24;
    /** A slot without a record: its writer abandoned it, or recovery found it empty. */
    public static final int PADDING = CONTROL | 1 << KIND_SHIFT;
    /** Leads an atomic batch. */
    public static final int BATCH = CONTROL | 2 << KIND_SHIFT;
    /** Ends a sealed segment. */
    public static final int FOOTER = CONTROL | 3 << KIND_SHIFT;

    private static final int HEADER_LENGTH_SHIFT = 48;
    private static final long MAGIC_MASK = (1L << HEADER_LENGTH_SHIFT) - 1;
    /** "NANORC". */
    private static final long MAGIC = 0x4352_4F4E_414EL;

    static {
        require(TIMESTAMP + Long.BYTES == PREFIX_BYTES, "the fields don't fill the prefix");
        require(PREFIX_BYTES % ALIGNMENT == 0, "records don't stay aligned");
        require(MAX_FRAME_BYTES / ALIGNMENT < 1 << 22, "a frame's size doesn't fit the tail word");
    }

    private RecordLayout() {}

    static void require(boolean fact, String rule) {
        if (!fact) {
            throw new AssertionError("layout broken: " + rule);
        }
    }

    public static long commitWord(int headerLength) {
        return MAGIC | (long) headerLength << HEADER_LENGTH_SHIFT;
    }

    public static boolean isCommitWord(long word) {
        return (word & MAGIC_MASK) == MAGIC;
    }

    public static int headerLength(long commitWord) {
        return (int) (commitWord >>> HEADER_LENGTH_SHIFT);
    }

    /** The whole frame with its padding; a {@code long}, so that no pair of lengths overflows. */
    public static long frameBytes(int headerLength, long contentLength) {
        return align(PREFIX_BYTES + headerLength + contentLength);
    }

    public static long align(long bytes) {
        return bytes + (ALIGNMENT - 1) & -ALIGNMENT;
    }

    public static boolean isControl(int flags) {
        return (flags & CONTROL) != 0;
    }

    /** Whether the flags of a data record say that it is encrypted. */
    public static boolean isSealed(int flags) {
        return (flags & (CONTROL | ENCRYPTED)) == ENCRYPTED;
    }

    public static boolean isMember(int flags) {
        return (flags & (CONTROL | MEMBER)) == MEMBER;
    }

    /**
     * The one check of a record's lengths, made before anything is read or allocated.
     *
     * @param available bytes from the record's start to the end of the segment's data, or of the file
     * @return the frame's size, or -1 if such a record is impossible
     */
    public static int checkedFrameBytes(long commitWord, int contentLength, int flags, long available) {
        long content = Integer.toUnsignedLong(contentLength);
        long frame = frameBytes(headerLength(commitWord), content);
        if (frame > available || frame > Integer.MAX_VALUE) {
            return -1;
        }
        if (!isControl(flags) && (content > MAX_CONTENT_BYTES || frame > MAX_FRAME_BYTES)) {
            return -1;
        }
        return (int) frame;
    }

    /** Writes all of the prefix except the commit word; {@code target} is little-endian. */
    public static void encodePrefix(
            ByteBuffer target, int index, int contentLength, int flags, int checksum, int previousSize,
            long timestampMillis) {
        target.putLong(index + CONTENT_LENGTH, (contentLength & 0xFFFF_FFFFL) | (long) flags << 32);
        target.putLong(index + CHECKSUM, (checksum & 0xFFFF_FFFFL) | (long) previousSize << 32);
        target.putLong(index + TIMESTAMP, timestampMillis);
    }
}
