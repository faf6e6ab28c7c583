package dev.streamwal.bench;

import java.nio.ByteBuffer;

/**
 * A record's content: when it was appended, and its pattern. The time is {@link System#nanoTime}, which on Linux is CLOCK_MONOTONIC: the machine's,
 * and so the same in all of its processes.
 */
final class DelayRecord {

    static final int BYTES = 128;

    private static final int NANOS_AT = 0;
    private static final int PATTERN_AT = NANOS_AT + Long.BYTES;

    private final byte[] bytes = new byte[BYTES];
    private final ByteBuffer fields = ByteBuffer.wrap(bytes);

    byte[] bytes() {
        return bytes;
    }

    /** Call it just before the append. */
    void stamp(DelayPattern pattern) {
        fields.putInt(PATTERN_AT, pattern.ordinal());
        fields.putLong(NANOS_AT, System.nanoTime());
    }

    DelayPattern pattern() {
        return DelayPattern.values()[fields.getInt(PATTERN_AT)];
    }

    /** Call it just after the delivery. */
    long delayNanos() {
        return System.nanoTime() - fields.getLong(NANOS_AT);
    }
}
