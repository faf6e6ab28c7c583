package dev.streamwal.tail;

/**
 * The duration of a tail's rest before its next look. Pure.
 *
 * <p>After a record, a few looks follow at once, because the next record may come soon. From then on a rest takes a sixteenth of the time since the
 * last record, up to 4 ms. So a record is delivered late by at most a sixteenth of the time that the tail has waited for it, and by at most 4 ms.
 * Besides, a rest takes at least 100 times as long as waking up and looking, and 8 times during the first second, up to 200 ms. So a waiting tail
 * takes at most a hundredth of a core, and a ninth while a record comes every second, whatever its looks cost.
 */
public final class RestingRule {

    /** So many looks at one stream take some 30 µs. */
    static final int LOOKS_AT_ONCE = 8;
    /** The most that a look may take to be repeated at once: about the duration of a look at a single stream. */
    public static final long CHEAP_LOOK_NANOS = 10_000;
    /** The processor time for putting a thread to sleep and waking it, without the look. */
    static final long WAKE_NANOS = 20_000;
    static final long MAX_QUIET_REST_NANOS = 4_000_000;
    static final int QUIET_PER_REST = 16;
    static final int REST_PER_LOOK = 100;
    static final int REST_PER_LOOK_AT_FIRST = 8;
    static final long AT_FIRST_NANOS = 1_000_000_000;
    /** A look of more than 3 ms has waited for a disk or a processor, not used one. */
    static final long MAX_REST_NANOS = 200_000_000;

    private static final long SHORTEST_LOOK_NANOS = 1_000;

    private RestingRule() {}

    /**
     * The duration of a look, smoothed: at most twice the one before, because a look that took much longer was held up. A lasting change shows after
     * a few looks.
     *
     * @param before the smoothed duration so far
     * @param now the duration of the last look
     */
    public static long lookNanos(long before, long now) {
        return Math.max(SHORTEST_LOOK_NANOS, Math.min(now, 2 * before));
    }

    /**
     * The duration of the next rest.
     *
     * @param looks number of looks since the last record
     * @param quietNanos time since the last record
     * @param lookNanos duration of a look
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
