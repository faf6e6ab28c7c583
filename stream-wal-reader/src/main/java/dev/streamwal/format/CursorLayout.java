package dev.streamwal.format;

import static dev.streamwal.format.FormatException.check;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * A file in {@code cursors/}: a header, then a consumer's commits in the order in which they were made, nothing between them. The last of a key's entries
 * counts. Little-endian:
 *
 * <pre>
 *   0  8  magic             "STRMCUR1"
 *   8  8  salt              random; another one in every file
 *  16  4  checksum          CRC32C over the header from 20 on, then the salt
 *  20  4  flags             which streams the consumer reads; at most one of: bit 0 PREFIX, bit 1 GLOB, bit 2 SET; none: one stream
 *  24  8  start             the log's when the consumer was made: where streams without an entry begin
 *  32  2  name length       of the consumer's name, 1 to 1,024
 *  34  2  scope length      bytes, at most 32,768; of a key or a prefix, which may be empty, at most 1,024
 *  36     name, scope, UTF-8, zero padding to a multiple of 8
 * </pre>
 *
 * <p>The scope is the key, the prefix or the pattern; of a SET it is all keys, each behind its length, 2 bytes.
 *
 * <p>Each commit:
 *
 * <pre>
 *   0  4  entry checksum    CRC32C over the entry from 4 on, then salt and offset in the file, 8 bytes each
 *   4  4  key length        1 to 1,024
 *   8  8  position          everything before it has been processed
 *  16  8  committed at      epoch ms
 *  24     key, UTF-8, zero padding to a multiple of 8
 * </pre>
 *
 * <p>A file holds its first entries completely when it gets its name. From then on entries are only added at its end. At the first bytes
 * that don't verify the file ends for good: its consumer replaces it by a new file, with a new salt, before its next commit. So a reader
 * may continue where it stopped as long as it finds the same salt, and what it has read stays valid. Salt and offset are in the checksum
 * so that bytes of another file, or a key that looks like entries, don't pass for an entry by accident.
 */
public final class CursorLayout {

    static final int MAGIC = 0;
    static final int SALT = 8;
    static final int CHECKSUM = 16;
    static final int FLAGS = 20;
    static final int START = 24;
    static final int NAME_LENGTH = 32;
    static final int SCOPE_LENGTH = 34;
    /** Before the name. */
    static final int FIXED_BYTES = 36;

    static final int ENTRY_CHECKSUM = 0;
    static final int KEY_LENGTH = 4;
    static final int POSITION = 8;
    static final int COMMITTED_AT = 16;
    /** Before the key. */
    static final int ENTRY_FIXED_BYTES = 24;

    /** The longest scope: 31 keys of the longest, or a thousand and more of usual ones. */
    public static final int MAX_SCOPE_BYTES = 32 << 10;
    /** The longest header. */
    public static final int MAX_HEADER_BYTES = (int) RecordLayout.align(FIXED_BYTES + StreamKey.MAX_BYTES + MAX_SCOPE_BYTES);
    /** The longest entry. */
    public static final int MAX_ENTRY_BYTES = (int) RecordLayout.align(ENTRY_FIXED_BYTES + StreamKey.MAX_BYTES);

    /** Flag: of a prefix. */
    static final int PREFIX = 1;
    /** Flag: of a pattern. */
    static final int GLOB = 1 << 1;
    /** Flag: of a set of keys. */
    static final int SET = 1 << 2;
    /** "STRMCUR1". */
    private static final long MAGIC_VALUE = 0x3152_5543_4D52_5453L;
    /** "STRMCUR", of any version. */
    private static final long MAGIC_FAMILY = 0x00FF_FFFF_FFFF_FFFFL;

    private CursorLayout() {}

    /** Bytes of a header. */
    public static int headerBytes(CursorHeader header) {
        return (int) RecordLayout.align(FIXED_BYTES + header.name().utf8Length() + scopeBytes(header.scope()).length);
    }

    /** Bytes of a key's entry. */
    public static int entryBytes(StreamKey key) {
        return (int) RecordLayout.align(ENTRY_FIXED_BYTES + key.utf8Length());
    }

    /** The encoded header, from position 0 to the limit. */
    public static ByteBuffer encode(CursorHeader header) {
        byte[] name = header.name().utf8();
        byte[] scope = scopeBytes(header.scope());
        ByteBuffer out = ByteBuffer.allocate(headerBytes(header)).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC, MAGIC_VALUE);
        out.putLong(SALT, header.salt());
        out.putInt(FLAGS, flags(header.scope()));
        out.putLong(START, header.start());
        out.putShort(NAME_LENGTH, (short) name.length);
        out.putShort(SCOPE_LENGTH, (short) scope.length);
        out.put(FIXED_BYTES, name);
        out.put(FIXED_BYTES + name.length, scope);
        out.putInt(CHECKSUM, checksum(out, FLAGS, out.limit(), header.salt()));
        return out;
    }

    /**
     * The header of a file.
     *
     * @param file its first bytes, up to {@link #MAX_HEADER_BYTES} of them, from index 0 to the limit
     * @throws FormatException naming the field that is wrong
     */
    public static CursorHeader decodeHeader(ByteBuffer file) throws FormatException {
        ByteBuffer in = file.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        check(in.limit() >= FIXED_BYTES, "cursor file is shorter than the " + FIXED_BYTES + " bytes before the consumer's name", in.limit());
        long magic = in.getLong(MAGIC);
        if (magic != MAGIC_VALUE && (magic & MAGIC_FAMILY) == (MAGIC_VALUE & MAGIC_FAMILY)) {
            throw FormatException.unsupported("unknown version of a cursor file: magic=\"STRMCUR"
                    + (char) (magic >>> 56) + '"', "use the version that wrote it, or a newer one");
        }
        check(magic == MAGIC_VALUE, "cursor file doesn't start with \"STRMCUR1\"", magic);
        int nameLength = in.getShort(NAME_LENGTH) & 0xFFFF;
        int scopeLength = in.getShort(SCOPE_LENGTH) & 0xFFFF;
        check(nameLength >= 1 && nameLength <= StreamKey.MAX_BYTES, "length of the consumer's name is outside 1 to 1,024 bytes", nameLength);
        check(scopeLength <= MAX_SCOPE_BYTES, "the consumer's keys take more than " + MAX_SCOPE_BYTES + " bytes", scopeLength);
        int length = (int) RecordLayout.align(FIXED_BYTES + nameLength + scopeLength);
        check(length <= in.limit(), "cursor file is shorter than its header of " + length + " bytes", in.limit());
        check(in.getInt(CHECKSUM) == checksum(in, FLAGS, length, in.getLong(SALT)), "cursor file header checksum mismatch",
                in.getInt(CHECKSUM));
        int flags = in.getInt(FLAGS);
        if ((flags & ~(PREFIX | GLOB | SET)) != 0 || Integer.bitCount(flags) > 1) {
            throw FormatException.unsupported("cursor file has unknown flags: flags=0x"
                    + Integer.toHexString(flags), "use the version that wrote it, or a newer one");
        }
        check(in.getLong(START) >= 0, "start position of a cursor file is negative", in.getLong(START));
        StreamKey name = StreamKey.ofUtf8(bytes(in, FIXED_BYTES, nameLength));
        KeyScope scope = scope(bytes(in, FIXED_BYTES + nameLength, scopeLength), flags);
        return new CursorHeader(name, scope, in.getLong(START), in.getLong(SALT));
    }

    /**
     * Bytes of the header at the beginning of a file, if there is one.
     *
     * @param file its first bytes, from index 0 to the limit
     * @return at most {@link #MAX_HEADER_BYTES}; the limit if the file is too short to tell
     */
    public static int headerBytesAt(ByteBuffer file) {
        ByteBuffer in = file.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (in.limit() < FIXED_BYTES) {
            return in.limit();
        }
        long bytes = RecordLayout.align(FIXED_BYTES + (in.getShort(NAME_LENGTH) & 0xFFFF) + (in.getShort(SCOPE_LENGTH) & 0xFFFF));
        return (int) Math.min(MAX_HEADER_BYTES, bytes);
    }

    /** @throws IllegalArgumentException if the scope is too large for a header */
    public static void checkFits(KeyScope scope) {
        int bytes = scopeBytes(scope).length;
        if (bytes > MAX_SCOPE_BYTES) {
            throw new IllegalArgumentException("too many keys for a consumer: bytes=" + bytes + ", max=" + MAX_SCOPE_BYTES + ", keys=" + scope
                    + "; select them by a prefix or a pattern, or use several consumers");
        }
    }

    private static int flags(KeyScope scope) {
        if (scope instanceof KeyScope.Prefix) {
            return PREFIX;
        }
        if (scope instanceof KeyScope.Glob) {
            return GLOB;
        }
        return scope instanceof KeyScope.Some ? SET : 0;
    }

    private static byte[] scopeBytes(KeyScope scope) {
        if (scope instanceof KeyScope.Some some) {
            return setBytes(some.keys());
        }
        String text = scope instanceof KeyScope.One one ? one.key()
                : scope instanceof KeyScope.Prefix prefix ? prefix.text() : ((KeyScope.Glob) scope).pattern().toString();
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] setBytes(Collection<String> keys) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String key : keys) {
            byte[] utf8 = key.getBytes(StandardCharsets.UTF_8);
            out.write(utf8.length);
            out.write(utf8.length >>> 8);
            out.writeBytes(utf8);
        }
        return out.toByteArray();
    }

    private static KeyScope scope(byte[] bytes, int flags) throws FormatException {
        try {
            return switch (flags) {
                case PREFIX -> KeyScope.prefix(bytes.length == 0 ? "" : StreamKey.ofUtf8(bytes).text());
                case GLOB -> KeyScope.glob(new String(bytes, StandardCharsets.UTF_8));
                case SET -> KeyScope.of(keys(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)));
                default -> KeyScope.key(StreamKey.ofUtf8(bytes).text());
            };
        } catch (IllegalArgumentException e) {
            throw FormatException.corrupt("cursor file header has invalid keys: " + e.getMessage());
        }
    }

    private static Set<String> keys(ByteBuffer in) throws FormatException {
        Set<String> keys = new TreeSet<>();
        while (in.hasRemaining()) {
            check(in.remaining() > Short.BYTES, "cursor file's header ends inside the length of a key", in.remaining());
            byte[] utf8 = new byte[in.getShort() & 0xFFFF];
            check(utf8.length <= in.remaining(), "key in a cursor file's header is longer than the rest of " + in.remaining() + " bytes", utf8.length);
            in.get(utf8);
            keys.add(StreamKey.ofUtf8(utf8).text());
        }
        return keys;
    }

    /**
     * Writes an entry at the target's position, and moves the position behind it.
     *
     * @param target little-endian
     * @param offset of the entry in the file
     */
    public static void encode(ByteBuffer target, CursorEntry entry, long salt, long offset) {
        int at = target.position();
        byte[] key = entry.key().utf8();
        int end = at + entryBytes(entry.key());
        target.putInt(at + KEY_LENGTH, key.length);
        target.putLong(at + POSITION, entry.position());
        target.putLong(at + COMMITTED_AT, entry.committedAtMillis());
        target.put(at + ENTRY_FIXED_BYTES, key);
        for (int i = at + ENTRY_FIXED_BYTES + key.length; i < end; i++) {
            target.put(i, (byte) 0);
        }
        target.putInt(at + ENTRY_CHECKSUM, checksum(target, at + KEY_LENGTH, end, salt, offset));
        target.position(end);
    }

    /**
     * Bytes of the entry that begins here, if there is one.
     *
     * @param file little-endian, to its limit
     * @param index in the buffer
     * @param offset of that index in the file
     * @return -1 if there is none: nothing yet, or bytes that don't verify
     */
    public static int entryBytesAt(ByteBuffer file, int index, long salt, long offset) {
        int available = file.limit() - index;
        if (available < ENTRY_FIXED_BYTES) {
            return -1;
        }
        int keyLength = file.getInt(index + KEY_LENGTH);
        if (keyLength < 1 || keyLength > StreamKey.MAX_BYTES || file.getLong(index + POSITION) < 0) {
            return -1;
        }
        int length = (int) RecordLayout.align(ENTRY_FIXED_BYTES + keyLength);
        boolean verifies = length <= available
                && file.getInt(index + ENTRY_CHECKSUM) == checksum(file, index + KEY_LENGTH, index + length, salt, offset);
        return verifies ? length : -1;
    }

    /** Key of a valid entry. */
    public static String key(ByteBuffer file, int index) {
        return new String(bytes(file, index + ENTRY_FIXED_BYTES, file.getInt(index + KEY_LENGTH)), StandardCharsets.UTF_8);
    }

    /** Position of a valid entry. */
    public static long position(ByteBuffer file, int index) {
        return file.getLong(index + POSITION);
    }

    /** Time of a valid entry's commit, epoch ms. */
    public static long committedAtMillis(ByteBuffer file, int index) {
        return file.getLong(index + COMMITTED_AT);
    }

    private static byte[] bytes(ByteBuffer in, int index, int length) {
        byte[] bytes = new byte[length];
        in.get(index, bytes);
        return bytes;
    }

    private static int checksum(ByteBuffer bytes, int from, int to, long... context) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().position(from).limit(to));
        ByteBuffer behind = ByteBuffer.allocate(context.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(context).forEach(behind::putLong);
        crc.update(behind.flip());
        return (int) crc.getValue();
    }
}
