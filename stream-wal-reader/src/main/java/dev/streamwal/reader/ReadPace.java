package dev.streamwal.reader;

import java.util.function.LongSupplier;

/**
 * Judges by the time that a batch's reads take whether they wait for the disk. A read from the page cache takes a few microseconds, with looking up
 * its segment and verifying, and copies at some gigabytes a second; a read from a solid-state disk takes 50 microseconds or more. One thread.
 */
final class ReadPace {

    /** Reads between two looks at the clock. A look takes about a hundredth of the time of a fast read. */
    static final int LOOK_EVERY = 4;
    /** Looks in a row at slow reads. A single slow look may only mean that the thread had to wait for a processor. */
    static final int SLOW_LOOKS = 2;
    /** What a fast read takes at most, on average. */
    static final long FAST_READ_NANOS = 40_000;

    private final LongSupplier nanoTime;
    private int reads;
    private int slowLooks;
    private long since;
    /** Nanoseconds that the reads since the last look may take; for a byte, one nanosecond. */
    private long allowed;

    ReadPace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /** A pace that is never slow. */
    static ReadPace unjudged() {
        return new ReadPace(() -> 0);
    }

    /** Called after each read; true if the last reads were slow. */
    boolean isSlow(int bytes) {
        allowed += bytes + FAST_READ_NANOS;
        if (++reads % LOOK_EVERY != 0) {
            return false;
        }
        long now = nanoTime.getAsLong();
        slowLooks = now - since > allowed ? slowLooks + 1 : 0;
        since = now;
        allowed = 0;
        return slowLooks >= SLOW_LOOKS;
    }
}
