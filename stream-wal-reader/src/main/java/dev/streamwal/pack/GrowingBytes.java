package dev.streamwal.pack;

import java.util.Arrays;

/** A growing buffer for sequential little-endian writes, up to a limit. */
final class GrowingBytes {

    private static final int FIRST_BYTES = 4 << 10;
    private static final int VARINT_BITS = 7;
    private static final int VARINT_MORE = 0x80;

    private final int maxBytes;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;

    GrowingBytes(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    void put(byte[] source, int offset, int count) {
        room(count);
        System.arraycopy(source, offset, bytes, length, count);
        length += count;
    }

    /** Seven bits a byte, the lowest first, unsigned: a negative number takes ten bytes. */
    void putVarint(long value) {
        room(10);
        long left = value;
        while ((left & -VARINT_MORE) != 0) {
            bytes[length++] = (byte) (left | VARINT_MORE);
            left >>>= VARINT_BITS;
        }
        bytes[length++] = (byte) left;
    }

    /** Puts small numbers of either sign in few bytes: 0, −1, 1, −2, … as 0, 1, 2, 3, … */
    void putSigned(long value) {
        putVarint((value << 1) ^ (value >> (Long.SIZE - 1)));
    }

    void zero(int count) {
        room(count);
        Arrays.fill(bytes, length, length + count, (byte) 0);
        length += count;
    }

    /** The buffer, of which the first {@link #length()} bytes are used. */
    byte[] bytes() {
        return bytes;
    }

    byte[] toArray() {
        return Arrays.copyOf(bytes, length);
    }

    private void room(int more) {
        if (more > maxBytes - length) {
            throw new IllegalArgumentException("table or index of a pack is too large: bytes=" + (length + (long) more) + ", limit=" + maxBytes
                    + "; write several packs");
        }
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, Math.max(length + more, 2L * bytes.length)));
        }
    }
}
