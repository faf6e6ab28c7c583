package dev.streamwal.reader;

import java.util.function.LongSupplier;

/**
 * Judges by the time that a batch's reads take whether they wait for the disk. A read from the page cache takes about a microsecond, and copies at
 * some gigabytes a second; a read from a solid-state disk takes 50 microseconds or more. One thread.
 */
final class ReadPace {

    /** Reads between two looks at the clock, which takes as long as a few percent of a fast read. */
    static final int LOOK_EVERY = 8;
    /** What a fast read takes at most, with verifying, on average. */
    static final long FAST_READ_NANOS = 20_000;

    private final LongSupplier nanoTime;
    private int reads;
    private long since;
    /** Nanoseconds that the reads since then may take; for a byte, one nanosecond. */
    private long allowed;

    ReadPace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /** A pace that is never slow. */
    static ReadPace unjudged() {
        return new ReadPace(() -> 0);
    }

    /** Called after each read; true if the reads since the last look were slow. */
    boolean isSlow(int bytes) {
        allowed += bytes + FAST_READ_NANOS;
        if (++reads % LOOK_EVERY != 0) {
            return false;
        }
        long now = nanoTime.getAsLong();
        boolean isSlow = now - since > allowed;
        since = now;
        allowed = 0;
        return isSlow;
    }
}
