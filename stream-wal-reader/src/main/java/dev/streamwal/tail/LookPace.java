package dev.streamwal.tail;

/**
 * When an expensive look is due again: after a rest of some multiple of its duration. The duration counts as at most twice the one before: a look
 * that took much longer was held up, and a lasting change shows after a few looks. Pure; one thread.
 */
final class LookPace {

    private static final long CHEAP_NANOS = 50_000;

    private final int restPerLook;
    private final long minRestNanos;

    private long tookNanos = CHEAP_NANOS;
    private long lookedAt;
    private boolean hasLooked;

    /** @param minRestNanos shortest rest between two looks */
    LookPace(int restPerLook, long minRestNanos) {
        this.restPerLook = restPerLook;
        this.minRestNanos = minRestNanos;
    }

    boolean isDue(long now) {
        return !hasLooked || now - lookedAt >= Math.max(minRestNanos, tookNanos * restPerLook);
    }

    /** Notes that a look took place, from one time to another. */
    void looked(long start, long end) {
        tookNanos = Math.min(end - start, 2 * Math.max(tookNanos, CHEAP_NANOS));
        lookedAt = end;
        hasLooked = true;
    }
}
