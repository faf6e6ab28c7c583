package dev.streamwal.encryption;

import static dev.streamwal.format.FormatException.check;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The file {@code keys} of a log, little-endian.
 *
 * <pre>
 *   0  8  magic             "STRMKEY1"
 *   8  4  checksum          CRC32C over [12, file's end)
 *  12  4  session keys      how many
 *  16     session keys
 *
 *   session key
 *   0  4  key id
 *   4  8  created           epoch ms by the writer's clock
 *  12 16  check             tag of GCM over nothing, with a nonce of 12 bytes of 0xFF
 *  28  2  id length         1 to 255
 *  30  2  wrapped length    1 to 4,096
 *  32     id                of the master key, UTF-8
 *         wrapped           the session key, as the program's master keys have wrapped it
 * </pre>
 */
final class KeysLayout {

    private static final int CHECKSUM = 8;
    private static final int COUNT = 12;
    private static final int FIXED_BYTES = 16;
    private static final int KEY_BYTES = 32;
    private static final int CHECK_BYTES = 16;

    static final int MAX_MASTER_ID_BYTES = 255;
    static final int MAX_WRAPPED_BYTES = 4_096;
    /** Room for more than a hundred thousand keys that are wrapped as {@code MasterKeys.ring} does. */
    static final int MAX_BYTES = 64 << 20;

    /** "STRMKEY1". */
    private static final long MAGIC_VALUE = 0x3159_454B_4D52_5453L;
    /** "STRMKEY" and any version. */
    private static final long ANY_VERSION_MASK = 0xFF_FFFF_FFFF_FFFFL;

    private KeysLayout() {}

    static ByteBuffer encode(List<WrappedKey> keys) {
        int bytes = FIXED_BYTES;
        for (WrappedKey key : keys) {
            bytes += KEY_BYTES + key.masterId().getBytes(UTF_8).length + key.wrapped().length;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC_VALUE).putInt(0).putInt(keys.size());
        for (WrappedKey key : keys) {
            byte[] masterId = key.masterId().getBytes(UTF_8);
            out.putInt(key.id()).putLong(key.createdMillis()).put(key.check());
            out.putShort((short) masterId.length).putShort((short) key.wrapped().length).put(masterId).put(key.wrapped());
        }
        return out.putInt(CHECKSUM, Checksums.of(out, COUNT, out.capacity())).flip();
    }

    /** @param file all of it */
    static List<WrappedKey> decode(byte[] file) throws FormatException {
        check(file.length >= FIXED_BYTES, "file of session keys is shorter than " + FIXED_BYTES + " bytes", file.length);
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long magic = in.getLong(0);
        if (magic != MAGIC_VALUE && ((magic ^ MAGIC_VALUE) & ANY_VERSION_MASK) == 0) {
            throw FormatException.unsupported("file of session keys is of another version of this format: version=0x"
                    + Long.toHexString(magic >>> 56) + ", known=0x31", "use the version that wrote it, or a newer one");
        }
        check(magic == MAGIC_VALUE, "file of session keys doesn't start with \"STRMKEY1\"", magic);
        check(in.getInt(CHECKSUM) == Checksums.of(in, COUNT, in.capacity()), "checksum of session keys mismatches", in.getInt(CHECKSUM));
        int count = in.getInt(COUNT);
        check(count >= 0 && FIXED_BYTES + (long) count * KEY_BYTES <= file.length, "session keys don't fit their file of " + file.length + " bytes", count);
        in.position(FIXED_BYTES);
        List<WrappedKey> keys = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            keys.add(key(in));
        }
        check(!in.hasRemaining(), "file of session keys has bytes after its last key", in.position());
        return keys;
    }

    private static WrappedKey key(ByteBuffer in) throws FormatException {
        check(in.remaining() >= KEY_BYTES, "file ends inside a session key", in.position());
        int id = in.getInt();
        long created = in.getLong();
        byte[] check = new byte[CHECK_BYTES];
        in.get(check);
        int idLength = in.getShort() & 0xFFFF;
        int wrappedLength = in.getShort() & 0xFFFF;
        check(idLength >= 1 && idLength <= MAX_MASTER_ID_BYTES, "length of a master key's id is outside 1 to " + MAX_MASTER_ID_BYTES, idLength);
        check(wrappedLength >= 1 && wrappedLength <= MAX_WRAPPED_BYTES, "length of a wrapped key is outside 1 to " + MAX_WRAPPED_BYTES, wrappedLength);
        check(idLength + wrappedLength <= in.remaining(), "file ends inside a session key", in.position());
        byte[] masterId = new byte[idLength];
        in.get(masterId);
        byte[] wrapped = new byte[wrappedLength];
        in.get(wrapped);
        return new WrappedKey(id, created, new String(masterId, UTF_8), wrapped, check);
    }
}
