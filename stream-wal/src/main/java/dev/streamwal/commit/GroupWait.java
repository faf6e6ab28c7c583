package dev.streamwal.commit;

/**
 * Whether a leader waits for other threads before it writes, and how long. The threads that a flush has answered mostly append again at once. Without a
 * wait, the next leader would write what came during that flush, and they would come too late: two groups take turns, a flush serves one of them, and each
 * record waits for a flush of the other group first. PostgreSQL waits for other transactions too, for a time that its operator sets ({@code commit_delay}).
 * Here the wait ends when most of the threads are there that were there last time. Where they don't come, it is tried ever more seldom. Belongs to the leader.
 */
final class GroupWait {

    /** For more threads no leader waits: to wake them takes about as long as a flush, and is better done during one. */
    static final int MAX_THREADS = 32;

    /** A leader asks to be woken after this, or after as long as the last flush took. Linux may add some 0.05 ms. */
    static final long MAX_NANOS = 200_000;

    /** Limit of flushes in a row without a wait, after waits in vain. */
    static final int MAX_PASSED_OVER = 63;

    private final long maxNanos;
    /** Of the threads that were there at the end of the last flush, so many are waited for; 0 if none are. */
    private int threads;
    private long flushNanos;
    /** How many flushes have no wait, after each that has one. */
    private int passedOver;
    /** How many flushes had no wait since the last one that had. */
    private int since;

    GroupWait() {
        this(MAX_NANOS);
    }

    GroupWait(long maxNanos) {
        this.maxNanos = maxNanos;
    }

    /** A leader waits until so many are there. */
    int threads() {
        return threads;
    }

    /**
     * How long to wait for {@link #threads()}; 0 to write at once.
     *
     * @param present threads whose requests are there
     */
    long nanos(int present) {
        if (present == 0 || present >= threads) {
            return 0;
        }
        if (since < passedOver) {
            since++;
            return 0;
        }
        since = 0;
        return Math.min(flushNanos, maxNanos);
    }

    /** A wait has ended with so many threads. */
    void waited(int present) {
        passedOver = present < threads ? Math.min(2 * passedOver + 2, MAX_PASSED_OVER) : Math.max(passedOver - 1, 0);
    }

    /**
     * A flush has ended, and nobody is answered yet.
     *
     * @param present threads whose requests are there, also those that came during the flush
     */
    void flushed(int present, long nanos) {
        // of each 8 one may stay away; otherwise one slow thread among fast ones would let each wait take all its time
        threads = present > MAX_THREADS ? 0 : present - present / 8;
        flushNanos = nanos;
    }
}
