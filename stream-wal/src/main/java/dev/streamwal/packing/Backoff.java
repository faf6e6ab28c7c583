package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/** When something that failed is tried again: after an interval, after two of them, after four, and so on up to 64. Thread-safe. */
final class Backoff {

    private static final int MAX_DOUBLINGS = 6;

    private final long intervalNanos;

    @GuardedBy("this")
    private int failures;

    @GuardedBy("this")
    private long notBeforeNanos;

    Backoff(long intervalNanos) {
        this.intervalNanos = intervalNanos;
    }

    /** Whether it is time. */
    synchronized boolean isDue(long nowNanos) {
        return failures == 0 || nowNanos - notBeforeNanos >= 0;
    }

    synchronized void failed(long nowNanos) {
        notBeforeNanos = nowNanos + (intervalNanos << Math.min(failures, MAX_DOUBLINGS));
        failures++;
    }

    synchronized void succeeded() {
        failures = 0;
    }
}
