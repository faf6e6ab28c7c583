package dev.streamwal.tail;

/**
 * How long a tail rests before it looks again. Pure.
 *
 * <p>A few looks come at once behind a record, as the next one may follow closely. From then on it rests for a sixteenth of the time that it
 * has been quiet, up to 4 ms: so what comes is delivered late by a sixteenth of what it was waited for, and never by more than 4 ms. And a
 * rest is at least 32 times as long as to be woken and look takes, and 8 times in the first second, up to 200 ms: so a tail that waits takes
 * a 33rd of a core at most, and a ninth while something comes every second, whatever its looks cost.
 */
public final class RestingRule {

    /** Some 30 µs for looks at one stream. */
    static final int LOOKS_AT_ONCE = 8;
    /** Only looks that are as cheap as one at a single stream. */
    public static final long CHEAP_LOOK_NANOS = 10_000;
    /** What it takes of a core to put a thread to sleep and wake it, beside the look. */
    static final long WAKE_NANOS = 20_000;
    static final long MAX_QUIET_REST_NANOS = 4_000_000;
    static final int QUIET_PER_REST = 16;
    static final int REST_PER_LOOK = 32;
    static final int REST_PER_LOOK_AT_FIRST = 8;
    static final long AT_FIRST_NANOS = 1_000_000_000;
    /** A look of more than 6 ms has waited for a disk or a processor, and not computed. */
    static final long MAX_REST_NANOS = 200_000_000;

    private static final long SHORTEST_LOOK_NANOS = 1_000;

    private RestingRule() {}

    /**
     * What a look takes: at most twice what it took so far, as one that took much longer was held up, and one that takes longer for good is
     * known to after a few.
     *
     * @param before what it took so far
     * @param now what the last one took
     */
    public static long lookNanos(long before, long now) {
        return Math.max(SHORTEST_LOOK_NANOS, Math.min(now, 2 * before));
    }

    /**
     * Says how long.
     *
     * @param looks since something came last
     * @param quietNanos since then
     * @param lookNanos what a look takes
     */
    public static long restNanos(int looks, long quietNanos, long lookNanos) {
        if (looks < LOOKS_AT_ONCE && lookNanos <= CHEAP_LOOK_NANOS) {
            return 0;
        }
        long patience = Math.min(MAX_QUIET_REST_NANOS, quietNanos / QUIET_PER_REST);
        int restPerLook = quietNanos < AT_FIRST_NANOS ? REST_PER_LOOK_AT_FIRST : REST_PER_LOOK;
        long costNanos = WAKE_NANOS + Math.min(lookNanos, MAX_REST_NANOS);
        long price = Math.min(costNanos, MAX_REST_NANOS / restPerLook) * restPerLook;
        return Math.max(patience, price);
    }
}
