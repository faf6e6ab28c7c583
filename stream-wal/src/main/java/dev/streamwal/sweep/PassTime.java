package dev.streamwal.sweep;

import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.SweepTime;
import java.util.List;
import java.util.function.LongPredicate;

/** The time by which a pass goes: the one that the caller vouches for, or the clock's, as far as {@link SweepTime} believes it. */
final class PassTime {

    private final long nowMillis;
    private final boolean isByClock;
    private final KnownTime known;
    private final long maxAdvanceMillis;
    private boolean isBelieved = true;
    /** If the clock isn't believed, this is the time up to which anything expires that was begun before the clock went ahead. */
    private long knownMillis;

    PassTime(long nowMillis, boolean isByClock, KnownTime known, long maxAdvanceMillis) {
        this.nowMillis = nowMillis;
        this.isByClock = isByClock;
        this.known = known;
        this.maxAdvanceMillis = maxAdvanceMillis;
    }

    /** As it was given. */
    long nowMillis() {
        return nowMillis;
    }

    /** The known time, which the real one can't precede. */
    long knownMillis() {
        return knownMillis;
    }

    boolean isBelieved() {
        return isBelieved;
    }

    /** The time by which consumers' holds end. */
    long heldMillis() {
        return isBelieved ? nowMillis : knownMillis;
    }

    /**
     * Decides whether the clock is believed: call it before the other methods are asked.
     *
     * @param views packs with the earliest expiration of their streams, by which they are due
     * @param latest the same, but packs with the latest one: as long as that is in doubt, the clock isn't believed
     * @param isOtherBegunBefore whether there may be other data that was begun at or before a time, epoch ms
     * @return the streams' segments, with expirations as far as the clock is believed
     */
    SweepTime.Outcome decide(List<ExpiryPlan.Stream> views, List<ExpiryPlan.Stream> latest, LongPredicate isOtherBegunBefore) {
        if (!isByClock) {
            return new SweepTime.Outcome(views, 0, 0, true);
        }
        knownMillis = known.millis();
        isBelieved = SweepTime.of(nowMillis, knownMillis, maxAdvanceMillis, latest, isOtherBegunBefore).isBelieved();
        if (isBelieved) {
            known.believe(nowMillis);
            return new SweepTime.Outcome(views, 0, 0, true);
        }
        return SweepTime.of(nowMillis, knownMillis, maxAdvanceMillis, views, millis -> true);
    }

    /** Whether a window that begins at a time, epoch ms, was begun while the clock was ahead. */
    boolean isAhead(long windowStartMillis) {
        return known.isAhead(windowStartMillis, nowMillis);
    }

    boolean isExpired(ExpiryPlan.Segment segment) {
        return segment.expirationMillis() <= nowMillis && (isBelieved || !SweepTime.isDoubted(segment, nowMillis, knownMillis, maxAdvanceMillis));
    }
}
