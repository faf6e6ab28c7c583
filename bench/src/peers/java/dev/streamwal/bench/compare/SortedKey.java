package dev.streamwal.bench.compare;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** A record's key in stores that sort by bytes: stream, time, and a number that tells records of one millisecond apart. */
final class SortedKey {

    static final int BYTES = Integer.BYTES + Long.BYTES + Integer.BYTES;
    private static final int MILLIS_AT = Integer.BYTES;

    private SortedKey() {}

    /** Of the first record that a stream may have at a time. */
    static byte[] first(int stream, long millis) {
        return of(stream, millis, 0);
    }

    static byte[] next(int stream, long millis, AtomicInteger numbers) {
        return of(stream, millis, numbers.getAndIncrement() & Integer.MAX_VALUE);
    }

    private static byte[] of(int stream, long millis, int number) {
        return ByteBuffer.allocate(BYTES).putInt(stream).putLong(millis).putInt(number).array();
    }

    static int stream(ByteBuffer key) {
        return key.getInt(0);
    }

    static long millis(ByteBuffer key) {
        return key.getLong(MILLIS_AT);
    }

    static byte[] copy(ByteBuffer key) {
        byte[] bytes = new byte[BYTES];
        key.get(0, bytes);
        return bytes;
    }
}
