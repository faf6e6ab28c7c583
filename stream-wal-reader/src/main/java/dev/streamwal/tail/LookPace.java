package dev.streamwal.tail;

/**
 * When it is time to look again at something that is dear: after a rest of some multiple of what a look takes. That is at most twice what it
 * took so far, as a look that took much longer was held up, and one that takes longer for good is known to after a few. Pure; one thread.
 */
final class LookPace {

    private static final long CHEAP_NANOS = 50_000;

    private final int restPerLook;
    private final long minRestNanos;

    private long tookNanos = CHEAP_NANOS;
    private long lookedAt;
    private boolean hasLooked;

    /** @param minRestNanos between two looks, however cheap they are */
    LookPace(int restPerLook, long minRestNanos) {
        this.restPerLook = restPerLook;
        this.minRestNanos = minRestNanos;
    }

    boolean isDue(long now) {
        return !hasLooked || now - lookedAt >= Math.max(minRestNanos, tookNanos * restPerLook);
    }

    /** A look took from a time to another one. */
    void looked(long start, long end) {
        tookNanos = Math.min(end - start, 2 * Math.max(tookNanos, CHEAP_NANOS));
        lookedAt = end;
        hasLooked = true;
    }
}
