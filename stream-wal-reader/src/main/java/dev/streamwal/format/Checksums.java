package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC32C over parts of a file that are in memory; {@link RecordChecksum} is a record's. */
public final class Checksums {

    private Checksums() {}

    /** Over the bytes at indexes {@code [from, to)}. */
    public static int of(ByteBuffer bytes, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(from, to - from));
        return (int) crc.getValue();
    }

    /** Over a structure that contains its own checksum: counts the four bytes of the field at {@code start + field} as zero. */
    public static int without(ByteBuffer bytes, int start, int length, int field) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(start, field));
        crc.update(new byte[Integer.BYTES]);
        crc.update(bytes.slice(start + field + Integer.BYTES, length - field - Integer.BYTES));
        return (int) crc.getValue();
    }
}
