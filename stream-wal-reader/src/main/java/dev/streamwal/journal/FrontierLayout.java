package dev.streamwal.journal;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The file {@code commit/frontier}, little-endian; replaced as a whole, never changed.
 *
 * <pre>
 *   0  8  magic             "STRMFRN1"
 *   8  8  journal id
 *  16  8  first sequence    blocks below it are not needed any more
 *  24  8  zero              not read: versions before wrote the log's incarnation
 *  32  4  flags             bit 0 CLEAN: an earlier version closed the log after a sync of everything; means nothing
 *  36  4  segments          how many
 *  40  4  length            of the whole file
 *  44  4  checksum          CRC32C over the whole file, with this field as zero
 *  48     segments, see below
 * </pre>
 *
 * <p>Each segment, which is one without a footer:
 *
 * <pre>
 *   0  8  base position
 *   8  8  salt
 *  16  4  durable offset    what stands before it in the segment's file survives power loss, and so does the file's name
 *  20  2  key length
 *  22  2  zero
 *  24     key, UTF-8, zero padding to a multiple of 8
 * </pre>
 */
public final class FrontierLayout {

    static final int MAGIC = 0;
    static final int JOURNAL_ID = 8;
    static final int FIRST_SEQUENCE = 16;
    static final int FLAGS = 32;
    static final int SEGMENTS = 36;
    public static final int LENGTH = 40;
    public static final int CHECKSUM = 44;
    /** Without segments. */
    public static final int FIXED_BYTES = 48;

    static final int BASE_POSITION = 0;
    static final int SALT = 8;
    static final int DURABLE_OFFSET = 16;
    static final int KEY_LENGTH = 20;
    static final int KEY = 24;

    /** Enough for two million segments whose keys have 100 bytes. The file is read, and kept in memory, as a whole. */
    public static final int MAX_BYTES = 256 << 20;

    private static final int CLEAN = 1;
    /** "STRMFRN1". */
    private static final long MAGIC_VALUE = 0x314E_5246_4D52_5453L;

    private FrontierLayout() {}

    /**
     * The whole file, from position 0 to the limit.
     *
     * @throws IllegalArgumentException if that is more than {@link #MAX_BYTES}
     */
    public static ByteBuffer encode(Frontier frontier) {
        long length = FIXED_BYTES;
        for (FrontierSegment segment : frontier.segments()) {
            length += segmentBytes(segment.key().utf8Length());
        }
        if (length > MAX_BYTES) {
            throw new IllegalArgumentException("frontier is longer than " + MAX_BYTES + " bytes: bytes=" + length + ", segments="
                    + frontier.segments().size() + "; use fewer streams at a time, or smaller segments, which are finished earlier");
        }
        ByteBuffer out = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC, MAGIC_VALUE);
        out.putLong(JOURNAL_ID, frontier.journalId());
        out.putLong(FIRST_SEQUENCE, frontier.firstSequence());
        out.putInt(SEGMENTS, frontier.segments().size());
        out.putInt(LENGTH, (int) length);
        int index = FIXED_BYTES;
        for (FrontierSegment segment : frontier.segments()) {
            encode(out, index, segment);
            index += (int) segmentBytes(segment.key().utf8Length());
        }
        out.putInt(CHECKSUM, Checksums.without(out, 0, out.capacity(), CHECKSUM));
        return out;
    }

    private static void encode(ByteBuffer out, int index, FrontierSegment segment) {
        out.putLong(index + BASE_POSITION, segment.basePosition());
        out.putLong(index + SALT, segment.salt());
        out.putInt(index + DURABLE_OFFSET, segment.durableOffset());
        out.putShort(index + KEY_LENGTH, (short) segment.key().utf8Length());
        out.put(index + KEY, segment.key().utf8());
    }

    private static long segmentBytes(int keyLength) {
        return RecordLayout.align(KEY + keyLength);
    }

    /**
     * @param file the whole file
     * @throws FormatException naming the field that is wrong
     */
    public static Frontier decode(byte[] file) throws FormatException {
        check(file.length >= FIXED_BYTES, "frontier is shorter than the " + FIXED_BYTES + " bytes before its segments", file.length);
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        check(in.getLong(MAGIC) == MAGIC_VALUE, "frontier doesn't start with \"STRMFRN1\"", in.getLong(MAGIC));
        check(in.getInt(LENGTH) == file.length, "frontier isn't as long as it says, " + in.getInt(LENGTH), file.length);
        check(in.getInt(CHECKSUM) == Checksums.without(in, 0, in.capacity(), CHECKSUM), "frontier checksum mismatch", in.getInt(CHECKSUM));
        int flags = in.getInt(FLAGS);
        if ((flags & ~CLEAN) != 0) {
            throw FormatException.unsupported("frontier has unknown flags: flags=0x" + Integer.toHexString(flags),
                    "write the log with the version that wrote it, or a newer one");
        }
        long firstSequence = in.getLong(FIRST_SEQUENCE);
        check(firstSequence >= JournalBlockLayout.FIRST_SEQUENCE, "first sequence is below 1", firstSequence);
        return new Frontier(in.getLong(JOURNAL_ID), firstSequence, decodeSegments(in));
    }

    private static List<FrontierSegment> decodeSegments(ByteBuffer in) throws FormatException {
        int count = in.getInt(SEGMENTS);
        check(count >= 0 && count * segmentBytes(1) <= in.limit() - FIXED_BYTES, "frontier is too short for its number of segments, " + count,
                in.limit());
        List<FrontierSegment> segments = new ArrayList<>(count);
        int index = FIXED_BYTES;
        for (int i = 0; i < count; i++) {
            check(in.limit() - index >= KEY, "frontier is too short for its number of segments, " + count, in.limit());
            int keyLength = in.getShort(index + KEY_LENGTH) & 0xFFFF;
            check(keyLength >= 1 && keyLength <= StreamKey.MAX_BYTES && segmentBytes(keyLength) <= in.limit() - index,
                    "length of a key is outside 1 to 1,024 bytes, or behind the frontier's end", keyLength);
            segments.add(decodeSegment(in, index, keyLength));
            index += (int) segmentBytes(keyLength);
        }
        check(index == in.limit(), "frontier doesn't end with its last segment, at " + index, in.limit());
        return segments;
    }

    private static FrontierSegment decodeSegment(ByteBuffer in, int index, int keyLength) throws FormatException {
        long basePosition = in.getLong(index + BASE_POSITION);
        check(basePosition >= 0, "base position is negative", basePosition);
        int durableOffset = in.getInt(index + DURABLE_OFFSET);
        check(durableOffset >= SegmentHeaderLayout.headerLength(keyLength), "durable offset is inside the segment's header", durableOffset);
        byte[] key = new byte[keyLength];
        in.get(index + KEY, key);
        return new FrontierSegment(StreamKey.ofUtf8(key), basePosition, in.getLong(index + SALT), durableOffset);
    }
}
