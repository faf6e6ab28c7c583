package dev.streamwal.pack;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC32C over a structure that contains its own checksum. */
final class PackChecksum {

    private PackChecksum() {}

    static int of(ByteBuffer bytes, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(from, to - from));
        return (int) crc.getValue();
    }

    /** Counts the four bytes of the field at {@code start + field} as zero. */
    static int without(ByteBuffer bytes, int start, int length, int field) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(start, field));
        crc.update(new byte[Integer.BYTES]);
        crc.update(bytes.slice(start + field + Integer.BYTES, length - field - Integer.BYTES));
        return (int) crc.getValue();
    }
}
