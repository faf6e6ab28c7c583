package dev.streamwal.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A record's checksum: CRC32C over its header and content, then over
 *
 * <pre>
 *   0  8  salt              of the segment
 *   8  8  position          of the record in its stream
 *  16  8  commit word
 *  24  4  content length
 *  28  4  flags
 *  32  4  previous size
 *  36  8  timestamp
 * </pre>
 *
 * Salt and position make a record valid only where it was written: a payload that looks like a record doesn't pass for one. The checksum guards against
 * accidents, not against an attacker that can read the salt. One thread at a time; no garbage.
 */
public final class RecordChecksum {

    private static final int SALT = 0;
    private static final int POSITION = 8;
    private static final int COMMIT_WORD = 16;
    private static final int CONTENT_LENGTH = 24;
    private static final int FLAGS = 28;
    private static final int PREVIOUS_SIZE = 32;
    private static final int TIMESTAMP = 36;
    private static final int CONTEXT_BYTES = 44;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final CRC32C crc = new CRC32C();
    private final byte[] context = new byte[CONTEXT_BYTES];

    /** Starts a new record. */
    public void reset() {
        crc.reset();
    }

    /** Adds a part of the record's header, then of its content. */
    public void update(byte[] bytes, int offset, int length) {
        crc.update(bytes, offset, length);
    }

    /** Adds the bytes between the buffer's position and limit, and moves the position to the limit. */
    public void update(ByteBuffer bytes) {
        crc.update(bytes);
    }

    /** Adds where the record stands and how it is framed, and returns the checksum. */
    public int finish(
            long salt, long position, long commitWord, int contentLength, int flags, int previousSize,
            long timestampMillis) {
        LONG.set(context, SALT, salt);
        LONG.set(context, POSITION, position);
        LONG.set(context, COMMIT_WORD, commitWord);
        INT.set(context, CONTENT_LENGTH, contentLength);
        INT.set(context, FLAGS, flags);
        INT.set(context, PREVIOUS_SIZE, previousSize);
        LONG.set(context, TIMESTAMP, timestampMillis);
        crc.update(context, 0, CONTEXT_BYTES);
        return (int) crc.getValue();
    }
}
