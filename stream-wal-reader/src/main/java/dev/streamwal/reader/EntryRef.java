package dev.streamwal.reader;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SealLayout;
import dev.streamwal.format.StreamKey;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The place of a record in the log. It survives rotation, restart and copying the log to another machine, and never denotes another record.
 *
 * <p>As text: {@code key@position+size}, parsed from the right, so that keys may contain {@code @} and {@code +}. As bytes, big-endian,
 * stable for ever:
 *
 * <pre>
 *   0  2  key length        n
 *   2  n  key               UTF-8
 * 2+n  8  position
 * 10+n  4  size
 * </pre>
 *
 * One key's refs sort bytewise by position. The order of refs is by key, as unsigned UTF-8 bytes, then by position.
 *
 * <p>The constructor doesn't look at every character of the key, because every append makes a ref. Whether a key is valid Unicode of at most 1,024
 * bytes is checked when a ref is parsed, encoded or read.
 *
 * @param key the key of the stream, 1 to 1,024 bytes of UTF-8
 * @param position in the stream, not negative. Positions grow, and need not begin at 0: a stream may skip positions, as when the log is opened again,
 *     so a position doesn't tell how many bytes or records are before it
 * @param size of the frame as it is stored, with its padding, in bytes: a multiple of 8, at least 32 and less than 32 MiB. The size of an encrypted
 *     record includes the {@value #ENCRYPTION_BYTES} bytes that encryption adds
 * @since 1.0
 */
public record EntryRef(String key, long position, int size) implements Comparable<EntryRef> {

    /** How many bytes encryption adds to a record's content. */
    public static final int ENCRYPTION_BYTES = SealLayout.BYTES;

    private static final char POSITION_MARK = '@';
    private static final char SIZE_MARK = '+';

    private static final int KEY_LENGTH_BYTES = Short.BYTES;
    private static final int FIXED_BYTES = KEY_LENGTH_BYTES + Long.BYTES + Integer.BYTES;

    /**
     * Checks the ranges.
     *
     * @param key the key of the stream
     * @param position in the stream, not negative
     * @param size of the frame with its padding, in bytes
     */
    public EntryRef {
        // the key's characters are not looked at: see above
        if (Objects.requireNonNull(key, "key").isEmpty()
                || key.length() > StreamKey.MAX_BYTES
                || position < 0
                || position > Long.MAX_VALUE - size
                || size < RecordLayout.PREFIX_BYTES
                || size > RecordLayout.MAX_FRAME_BYTES
                || size % RecordLayout.ALIGNMENT != 0) {
            throw invalid(key, position, size);
        }
    }

    private static IllegalArgumentException invalid(String key, long position, int size) {
        if (key.isEmpty()) {
            return new IllegalArgumentException(StreamKey.EMPTY);
        }
        if (key.length() > StreamKey.MAX_BYTES) {
            return new IllegalArgumentException("key is too long: characters=" + key.length() + ", maxBytes=" + StreamKey.MAX_BYTES + "; shorten it");
        }
        if (position < 0) {
            return new IllegalArgumentException("position is negative: position=" + position + "; give what an append or a reader gave");
        }
        if (size < RecordLayout.PREFIX_BYTES || size > RecordLayout.MAX_FRAME_BYTES) {
            return new IllegalArgumentException("size of a record is too " + (size < RecordLayout.PREFIX_BYTES ? "small" : "large") + ": size=" + size
                    + ", min=" + RecordLayout.PREFIX_BYTES + ", max=" + RecordLayout.MAX_FRAME_BYTES + "; give what an append or a reader gave");
        }
        if (size % RecordLayout.ALIGNMENT != 0) {
            return new IllegalArgumentException("size of a record is not a multiple of " + RecordLayout.ALIGNMENT + ": size=" + size
                    + "; give what an append or a reader gave");
        }
        return new IllegalArgumentException("record would end beyond the greatest position: position=" + position + ", size=" + size);
    }

    /**
     * The size of a record with these lengths. Together with the stream's key and the position of the append it makes a ref.
     *
     * @param headerLength of the record's own header, 0 to 65,535 bytes
     * @param contentLength of its content, in bytes, not negative; plus {@link #ENCRYPTION_BYTES} if the stream is encrypted
     * @return the frame with its padding, in bytes
     * @throws IllegalArgumentException if no record has such lengths
     */
    public static int sizeOf(int headerLength, int contentLength) {
        long size = RecordLayout.frameBytes(headerLength, contentLength);
        if (headerLength < 0 || headerLength > RecordLayout.MAX_HEADER_BYTES || contentLength < 0 || size > RecordLayout.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("no record has such lengths: headerLength=" + headerLength + ", contentLength="
                    + contentLength + "; a header has 0 to " + RecordLayout.MAX_HEADER_BYTES + " bytes, and the record at most "
                    + RecordLayout.MAX_FRAME_BYTES);
        }
        return (int) size;
    }

    /**
     * Parses the form that {@link #toString()} writes, and no other.
     *
     * @param text of a ref
     * @return the ref
     * @throws IllegalArgumentException if the text is no ref
     */
    public static EntryRef parse(CharSequence text) {
        String ref = Objects.requireNonNull(text, "text").toString();
        int plus = ref.lastIndexOf(SIZE_MARK);
        int at = plus < 0 ? -1 : ref.lastIndexOf(POSITION_MARK, plus);
        if (at < 0) {
            throw new IllegalArgumentException("text is no ref: text=" + MessageText.of(ref) + "; write a ref as key@position+size");
        }
        String key = ref.substring(0, at);
        StreamKey.check(key);
        long position = parseDecimal(ref, at + 1, plus);
        long size = parseDecimal(ref, plus + 1, ref.length());
        if (size > RecordLayout.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("size in a ref is too large: size=" + size + ", max=" + RecordLayout.MAX_FRAME_BYTES + ", text="
                    + MessageText.of(ref) + "; give what an append or a reader gave");
        }
        return new EntryRef(key, position, (int) size);
    }

    /** Parses ASCII digits without a sign and without leading zeros, so that each ref has one text form only. */
    private static long parseDecimal(String ref, int from, int to) {
        boolean valid = from < to && (ref.charAt(from) != '0' || to == from + 1);
        for (int i = from; i < to && valid; i++) {
            valid = ref.charAt(i) >= '0' && ref.charAt(i) <= '9';
        }
        try {
            if (valid) {
                return Long.parseLong(ref, from, to, 10);
            }
        } catch (NumberFormatException tooLarge) {
            throw new IllegalArgumentException("number in a ref is too large for 64 bits: text=" + MessageText.of(ref)
                    + "; give what an append or a reader gave", tooLarge);
        }
        throw new IllegalArgumentException("number in a ref has a leading zero, or something else than digits: text=" + MessageText.of(ref)
                + "; write a ref as key@position+size");
    }

    /**
     * Decodes the form that {@link #toBytes()} writes, and no other.
     *
     * @param bytes of a ref
     * @return the ref
     * @throws IllegalArgumentException if the bytes are no ref, or more than one
     */
    public static EntryRef fromBytes(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(Objects.requireNonNull(bytes, "bytes"));
        if (bytes.length < FIXED_BYTES || bytes.length != FIXED_BYTES + Short.toUnsignedInt(in.getShort(0))) {
            throw new IllegalArgumentException("encoded ref does not have " + FIXED_BYTES + " bytes and its key: bytes=" + bytes.length);
        }
        byte[] key = new byte[Short.toUnsignedInt(in.getShort())];
        in.get(key);
        return new EntryRef(decodeKey(key), in.getLong(), in.getInt());
    }

    /**
     * Reads one ref from the buffer, and moves the reader index to its end. On failure the index doesn't move.
     *
     * @param source standing at a ref
     * @return the ref
     * @throws IllegalArgumentException if the buffer doesn't go on with a ref
     */
    public static EntryRef decode(ByteBuf source) {
        int start = Objects.requireNonNull(source, "source").readerIndex();
        int readable = source.readableBytes();
        int keyLength = readable < KEY_LENGTH_BYTES ? 0 : source.getUnsignedShort(start);
        if (keyLength > StreamKey.MAX_BYTES || readable < FIXED_BYTES + keyLength) {
            throw new IllegalArgumentException("buffer does not hold an encoded ref, " + FIXED_BYTES + " bytes and its key: readable=" + readable
                    + ", keyLength=" + keyLength);
        }
        byte[] key = new byte[keyLength];
        source.getBytes(start + KEY_LENGTH_BYTES, key);
        int numbers = start + KEY_LENGTH_BYTES + keyLength;
        EntryRef ref = new EntryRef(decodeKey(key), source.getLong(numbers), source.getInt(numbers + Long.BYTES));
        source.readerIndex(start + FIXED_BYTES + keyLength);
        return ref;
    }

    private static String decodeKey(byte[] utf8) {
        try {
            return StreamKey.ofUtf8(utf8).text();
        } catch (FormatException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** {@return the ref as bytes, {@link #encodedLength()} of them} */
    public byte[] toBytes() {
        byte[] utf8 = StreamKey.checkedUtf8(key);
        return ByteBuffer.allocate(FIXED_BYTES + utf8.length)
                .putShort((short) utf8.length)
                .put(utf8)
                .putLong(position)
                .putInt(size)
                .array();
    }

    /** {@return how many bytes {@link #encode} writes} */
    public int encodedLength() {
        return FIXED_BYTES + StreamKey.checkedUtf8(key).length;
    }

    /**
     * Writes the ref's bytes at the buffer's writer index, and moves it.
     *
     * @param target grows if need be
     */
    public void encode(ByteBuf target) {
        byte[] utf8 = StreamKey.checkedUtf8(key);
        target.ensureWritable(FIXED_BYTES + utf8.length);
        target.writeShort(utf8.length).writeBytes(utf8).writeLong(position).writeInt(size);
    }

    /** {@return the position where the record ends, and reading resumes} */
    public long end() {
        return position + size;
    }

    /** By key, as unsigned UTF-8 bytes, then by position, then by size. */
    @Override
    public int compareTo(EntryRef other) {
        int byKey = StreamKey.compare(key, other.key);
        if (byKey != 0) {
            return byKey;
        }
        int byPosition = Long.compare(position, other.position);
        return byPosition != 0 ? byPosition : Integer.compare(size, other.size);
    }

    /** {@code key@position+size}. */
    @Override
    public String toString() {
        return key + POSITION_MARK + position + SIZE_MARK + size;
    }
}
