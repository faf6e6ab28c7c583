package dev.streamwal.format;

import static dev.streamwal.format.FormatException.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A segment's first bytes, little-endian. The first 16 are a nano-wal 1.0 header, so that such a file is recognised.
 *
 * <pre>
 *   0  8  magic             "NANO-LOG"
 *   8  8  expiration        epoch ms; never rewritten
 *  16  6  extension magic   "STRMv2"
 *  22  2  header length     bytes from 0 to the first record; a multiple of 8
 *  24  4  header checksum   CRC32C over [0, header length) with this field and the mark as zero
 *  28  4  feature flags     low half: a reader that doesn't know a set bit refuses the file; high half: may be ignored, bit 16 is FIRST
 *  32  8  window start      epoch ms, inclusive
 *  40  8  window end        epoch ms, exclusive
 *  48  8  base position     stream position of the first record
 *  56  8  previous end      stream position where the predecessor's data ends; else base position
 *  64  8  incarnation       of the log, when this segment was created
 *  72  8  salt              random; part of every record checksum in this file
 *  80  8  created           epoch ms by the writer's clock
 *  88  4  capacity          bytes the data may reach; the footer may stand behind
 *  92  4  mark              offset of some published record, raised now and then; a hint
 *  96  2  key length        bytes of the key
 *  98     key               UTF-8, zero-padded to a multiple of 8
 * </pre>
 */
public final class SegmentHeaderLayout {

    public static final int MAGIC = 0;
    public static final int EXPIRATION = 8;
    public static final int EXTENSION_MAGIC = 16;
    public static final int HEADER_LENGTH = 22;
    public static final int HEADER_CHECKSUM = 24;
    public static final int FEATURE_FLAGS = 28;
    public static final int WINDOW_START = 32;
    public static final int WINDOW_END = 40;
    public static final int BASE_POSITION = 48;
    public static final int PREVIOUS_END = 56;
    public static final int INCARNATION = 64;
    public static final int SALT = 72;
    public static final int CREATED = 80;
    public static final int CAPACITY = 88;
    public static final int MARK = 92;
    public static final int KEY_LENGTH = 96;
    public static final int KEY = 98;

    /** Enough to read {@link #HEADER_LENGTH} and the key's length from. */
    public static final int FIXED_BYTES = KEY;
    /** Bytes of a header with the longest key. */
    public static final int MAX_BYTES = headerLength(StreamKey.MAX_BYTES);
    /** Bytes of a header with the shortest key. */
    public static final int MIN_BYTES = headerLength(1);

    /** Feature bit of the high half: the stream had no segment when this one was created, so nothing is missing before it. */
    public static final int FIRST = 1 << 16;

    /**
     * Feature bit of the high half: something behind the segment's data was cut off, so its stream never continues where
     * the data ends, but at the log's start. It is set in an existing header: flags and checksum stand in the same 8
     * aligned bytes, so one write changes both.
     */
    public static final int CUT = 1 << 17;

    /**
     * Feature bit of the high half, in packs only: damage was found in the shared segments from which this segment was packed, or in earlier ones. So if the
     * stream's segment before this one ends below the previous end, the records in between were damaged, and are lost; without this bit they were deleted.
     */
    public static final int AFTER_DAMAGE = 1 << 18;

    /** Feature bits of the low half that this version knows: none yet. */
    public static final int KNOWN_FEATURES = 0;

    private static final int REQUIRED_FEATURES_MASK = 0xFFFF;
    /** "NANO-LOG". */
    private static final long MAGIC_VALUE = 0x474F_4C2D_4F4E_414EL;
    /** "STRMv2". */
    private static final long EXTENSION_VALUE = 0x3276_4D52_5453L;
    private static final long EXTENSION_MASK = 0xFFFF_FFFF_FFFFL;
    /** "STRMv" and any version. */
    private static final long ANY_VERSION_MASK = 0xFF_FFFF_FFFFL;

    static {
        RecordLayout.require(EXPIRATION + Long.BYTES == EXTENSION_MAGIC, "the nano-wal header isn't 16 bytes");
        RecordLayout.require(FEATURE_FLAGS == HEADER_CHECKSUM + Integer.BYTES && HEADER_CHECKSUM % Long.BYTES == 0,
                "checksum and flags can't be written at once");
        RecordLayout.require(KEY_LENGTH == MARK + Integer.BYTES && KEY == KEY_LENGTH + Short.BYTES,
                "the key doesn't follow its length");
        RecordLayout.require(MAX_BYTES % RecordLayout.ALIGNMENT == 0, "the first record isn't aligned");
    }

    private SegmentHeaderLayout() {}

    public static int headerLength(int keyLength) {
        return (int) RecordLayout.align(KEY + keyLength);
    }

    /** The whole header, position 0, limit its length, little-endian. */
    public static ByteBuffer encode(SegmentHeader header) {
        int length = header.headerLength();
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC, MAGIC_VALUE);
        out.putLong(EXPIRATION, header.expirationMillis());
        out.putLong(EXTENSION_MAGIC, EXTENSION_VALUE | (long) length << 48);
        out.putInt(FEATURE_FLAGS, header.featureFlags());
        out.putLong(WINDOW_START, header.window().startMillis());
        out.putLong(WINDOW_END, header.window().endMillis());
        out.putLong(BASE_POSITION, header.basePosition());
        out.putLong(PREVIOUS_END, header.previousEnd());
        out.putLong(INCARNATION, header.incarnation());
        out.putLong(SALT, header.salt());
        out.putLong(CREATED, header.createdMillis());
        out.putInt(CAPACITY, header.capacity());
        out.putShort(KEY_LENGTH, (short) header.key().utf8Length());
        out.put(KEY, header.key().utf8());
        out.putInt(HEADER_CHECKSUM, checksum(out, length));
        out.putInt(MARK, header.mark());
        return out;
    }

    /**
     * @param source the file's first bytes from the buffer's index 0 on, little-endian: {@link #MAX_BYTES} of them, or
     * all there are
     * @param available how many there are
     * @throws FormatException naming the field that is wrong
     */
    public static SegmentHeader decode(ByteBuffer source, int available) throws FormatException {
        if (available < EXTENSION_MAGIC) {
            throw FormatException.corrupt("segment is shorter than its header: bytes=" + available + ", needed="
                    + MIN_BYTES);
        }
        check(isMagic(source.getLong(MAGIC)), "segment doesn't start with \"NANO-LOG\"", source.getLong(MAGIC));
        if (available < FIXED_BYTES || (source.getLong(EXTENSION_MAGIC) & EXTENSION_MASK) != EXTENSION_VALUE) {
            throw notExtended(source, available);
        }
        int length = source.getShort(HEADER_LENGTH) & 0xFFFF;
        check(length >= MIN_BYTES && length % RecordLayout.ALIGNMENT == 0,
                "header length is not a multiple of 8, or too short for a key", length);
        check(length <= available, "segment is shorter than its header of " + length + " bytes", available);
        check(source.getInt(HEADER_CHECKSUM) == checksum(source, length), "segment header checksum mismatch",
                source.getInt(HEADER_CHECKSUM));
        // checked before the fields that a newer version may lay out in another way
        int features = source.getInt(FEATURE_FLAGS);
        if ((features & REQUIRED_FEATURES_MASK & ~KNOWN_FEATURES) != 0) {
            throw FormatException.unsupported("segment needs features that this version doesn't know: featureFlags=0x"
                    + Integer.toHexString(features), "read it with the version that wrote it, or a newer one");
        }
        int keyLength = source.getShort(KEY_LENGTH) & 0xFFFF;
        check(keyLength >= 1 && keyLength <= StreamKey.MAX_BYTES, "length of the key is outside 1 to 1,024 bytes", keyLength);
        check(length == headerLength(keyLength), "header length doesn't fit the key's length", length);
        return decodeChecked(source, keyLength, features);
    }

    private static SegmentHeader decodeChecked(ByteBuffer source, int keyLength, int features) throws FormatException {
        long windowStart = source.getLong(WINDOW_START);
        long windowEnd = source.getLong(WINDOW_END);
        check(windowStart < windowEnd, "window doesn't end after its start at " + windowStart, windowEnd);
        long basePosition = source.getLong(BASE_POSITION);
        check(basePosition >= 0, "base position is negative", basePosition);
        long previousEnd = source.getLong(PREVIOUS_END);
        check(previousEnd >= 0 && previousEnd <= basePosition, "predecessor's end is negative, or after the base position "
                + basePosition, previousEnd);
        long expiration = source.getLong(EXPIRATION);
        check(expiration >= 0, "expiration is negative", expiration);
        int capacity = source.getInt(CAPACITY);
        check(capacity >= headerLength(keyLength), "capacity is smaller than the header", capacity);
        check(basePosition <= Long.MAX_VALUE - capacity, "base position exceeds 63 bits with the capacity " + capacity,
                basePosition);
        byte[] key = new byte[keyLength];
        source.get(KEY, key);
        return new SegmentHeader(
                StreamKey.ofUtf8(key), new Window(windowStart, windowEnd), expiration, basePosition, previousEnd,
                source.getLong(INCARNATION), source.getLong(SALT), source.getLong(CREATED), capacity,
                source.getInt(MARK), features);
    }

    /** CRC32C over the header with its checksum and mark as zero; leaves the buffer's position and limit alone. */
    private static int checksum(ByteBuffer header, int length) {
        byte[] bytes = new byte[length];
        header.get(0, bytes);
        return Checksums.of(ByteBuffer.wrap(bytes).putInt(HEADER_CHECKSUM, 0).putInt(MARK, 0), 0, length);
    }

    /** Whether this is the magic that this format and nano-wal's share. */
    static boolean isMagic(long word) {
        return word == MAGIC_VALUE;
    }

    /** Whether the word behind the first 16 bytes is this format's, of any version. */
    static boolean isExtension(long word) {
        return ((word ^ EXTENSION_VALUE) & ANY_VERSION_MASK) == 0;
    }

    private static FormatException notExtended(ByteBuffer source, int available) {
        boolean word = available >= EXTENSION_MAGIC + Long.BYTES;
        if (word && RecordLayout.isCommitWord(source.getLong(EXTENSION_MAGIC))) {
            return FormatException.unsupported(
                    "file is a nano-wal 1.0 file, without a stream's header: bytes=" + available, "open its directory with openNanoWal");
        }
        long extension = word ? source.getLong(EXTENSION_MAGIC) & EXTENSION_MASK : 0;
        if (extension == EXTENSION_VALUE) {
            return FormatException.corrupt("segment is shorter than its header: bytes=" + available + ", needed=" + MIN_BYTES);
        }
        return word && isExtension(extension)
                ? FormatException.unsupported("segment is of another version of this format: version=0x"
                + Long.toHexString(extension >>> 40)
                        + ", known=0x32", "read it with the version that wrote it")
                : FormatException.corrupt("segment header has no \"STRMv2\" behind its first 16 bytes: bytes=" + available);
    }
}
