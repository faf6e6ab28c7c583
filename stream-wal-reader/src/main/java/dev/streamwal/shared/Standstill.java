package dev.streamwal.shared;

import java.util.concurrent.TimeUnit;

/** Measures how long a place has stayed the same. Thread-safe. */
final class Standstill {

    private static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private long at = -1;
    private long sinceNanos;

    /** Whether all calls for longer than {@code MAX_WAIT_NANOS} were for this place. */
    synchronized boolean isLong(long place) {
        long now = System.nanoTime();
        if (place != at) {
            at = place;
            sinceNanos = now;
        }
        return now - sinceNanos > MAX_WAIT_NANOS;
    }
}
