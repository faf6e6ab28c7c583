package dev.streamwal.tail;

/**
 * When an expensive look is due again: after a rest of some multiple of its duration, up to a limit. The duration counts as at most twice the
 * one before: a look that took much longer was held up, and a lasting change shows after a few looks. Pure; one thread.
 */
final class LookPace {

    private static final long CHEAP_NANOS = 50_000;
    /**
     * Longest rest between two looks. Durations include the time in which a look waited for a processor or a file system, and on a busy machine many
     * looks in a row do. A multiple of such durations would be minutes.
     */
    static final long MAX_REST_NANOS = RestingRule.MAX_REST_NANOS;
    /**
     * A listing of 100,000 names takes 50 ms. With this rest, listings take a thirty-third of a core at most if names come all the time; with that
     * many names they take a tenth, because the rest has a limit, too.
     */
    private static final int REST_PER_LISTING = 32;
    /** Longer than for looks, because a listing of many names is really that expensive. */
    private static final long MAX_REST_PER_LISTING_NANOS = 500_000_000;

    private final int restPerLook;
    private final long minRestNanos;
    private final long maxRestNanos;

    private long tookNanos = CHEAP_NANOS;
    private long lookedAt;
    private boolean hasLooked;

    /** @param minRestNanos shortest rest between two looks */
    LookPace(int restPerLook, long minRestNanos) {
        this(restPerLook, minRestNanos, MAX_REST_NANOS);
    }

    private LookPace(int restPerLook, long minRestNanos, long maxRestNanos) {
        this.restPerLook = restPerLook;
        this.minRestNanos = minRestNanos;
        this.maxRestNanos = maxRestNanos;
    }

    /** The pace of listings of a folder with many names. */
    static LookPace ofListings() {
        return new LookPace(REST_PER_LISTING, 0, MAX_REST_PER_LISTING_NANOS);
    }

    boolean isDue(long now) {
        return !hasLooked || now - lookedAt >= restNanos();
    }

    private long restNanos() {
        return Math.max(minRestNanos, Math.min(maxRestNanos, tookNanos * restPerLook));
    }

    /** Notes that a look took place, from one time to another. */
    void looked(long start, long end) {
        tookNanos = Math.min(end - start, 2 * Math.max(tookNanos, CHEAP_NANOS));
        lookedAt = end;
        hasLooked = true;
    }
}
