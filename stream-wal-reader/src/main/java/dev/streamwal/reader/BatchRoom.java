package dev.streamwal.reader;

import java.nio.ByteBuffer;

/** A stretch of one of a batch's buffers, which is filled from its beginning on. One thread. */
final class BatchRoom {

    private final int buffer;
    private final ByteBuffer bytes;
    private final int end;
    private int used;

    /**
     * @param buffer index among the batch's buffers
     * @param bytes all of the buffer, little-endian
     * @param begin of the stretch
     * @param end of the stretch
     */
    BatchRoom(int buffer, ByteBuffer bytes, int begin, int end) {
        this.buffer = buffer;
        this.bytes = bytes;
        this.used = begin;
        this.end = end;
    }

    /** Index of the buffer. */
    int buffer() {
        return buffer;
    }

    /** All of the buffer; only the stretch may be changed. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Offset in the buffer up to which the stretch is used. */
    int used() {
        return used;
    }

    /** How many bytes aren't used. */
    int left() {
        return end - used;
    }

    /** Uses so many bytes. */
    void use(int count) {
        used += count;
    }

    /** Takes so many bytes off the beginning of what is left, for another thread. */
    BatchRoom split(int count) {
        BatchRoom first = new BatchRoom(buffer, bytes.duplicate().order(bytes.order()), used, used + count);
        used += count;
        return first;
    }
}
