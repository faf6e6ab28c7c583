package dev.streamwal.io;

import java.nio.ByteBuffer;

/**
 * A file's bytes, in memory.
 *
 * @param begin offset in the file of the buffer's first byte; nothing is read before that
 * @param bytes from the buffer's beginning to its limit
 */
public record BytesInMemory(int begin, ByteBuffer bytes) implements SegmentBytes {

    @Override
    public int read(ByteBuffer target, long offset) {
        long from = offset - begin;
        int count = (int) Math.max(0, Math.min(target.remaining(), bytes.limit() - from));
        if (from < 0 || count == 0) {
            return 0;
        }
        target.put(target.position(), bytes, (int) from, count).position(target.position() + count);
        return count;
    }

    @Override
    public long size() {
        return begin + (long) bytes.limit();
    }
}
