package dev.streamwal.packing;

/** When something that failed is tried again: after an interval, after two of them, after four, and so on up to 64. For one thread. */
final class Backoff {

    private static final int MAX_DOUBLINGS = 6;

    private final long intervalNanos;
    private int failures;
    private long notBeforeNanos;

    Backoff(long intervalNanos) {
        this.intervalNanos = intervalNanos;
    }

    /** Whether it is time. */
    boolean isDue(long nowNanos) {
        return failures == 0 || nowNanos - notBeforeNanos >= 0;
    }

    void failed(long nowNanos) {
        notBeforeNanos = nowNanos + (intervalNanos << Math.min(failures, MAX_DOUBLINGS));
        failures++;
    }

    void succeeded() {
        failures = 0;
    }
}
