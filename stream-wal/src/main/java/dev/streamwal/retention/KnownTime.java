package dev.streamwal.retention;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The earliest time that it can be now: the last trusted reading of the log's clock, plus what has passed since by the machine's monotonic clock,
 * which can't be set. With that, impossible readings of the log's clock are noticed. Thread-safe.
 */
public final class KnownTime {

    /** Clocks are set back by fractions of a second, and a thread may pause between reading the clock and using the reading. */
    private static final long LEAST_SKEW_MILLIS = 60_000;

    /** A clock that has been behind for this long is trusted: it was ahead before. */
    static final long BEHIND_NANOS = TimeUnit.DAYS.toNanos(1);

    private final long skewMillis;
    private final LongSupplier nanoTime;
    private volatile Reading last;

    @GuardedBy("this")
    private boolean behind;

    @GuardedBy("this")
    private long behindSinceNanos;

    /** A reading of the log's clock, with the monotonic clock at the same moment. */
    private record Reading(long millis, long nanos) {}

    /**
     * @param nowMillis what is known at the beginning
     * @param maxSkewMillis by which a clock may be wrong
     * @param nanoTime monotonic
     */
    public KnownTime(long nowMillis, long maxSkewMillis, LongSupplier nanoTime) {
        this.skewMillis = Math.max(maxSkewMillis, LEAST_SKEW_MILLIS);
        this.nanoTime = nanoTime;
        this.last = new Reading(nowMillis, nanoTime.getAsLong());
    }

    /** For a log of which nothing is known: no clock is ahead of it, or behind. */
    public static KnownTime unknown() {
        return new KnownTime(Long.MIN_VALUE, Long.MAX_VALUE, () -> 0);
    }

    /** Epoch ms; the time now is this or later, unless a trusted clock was wrong. */
    public long millis() {
        return millis(nanoTime.getAsLong());
    }

    private long millis(long nanos) {
        Reading known = last;
        return plus(known.millis, TimeUnit.NANOSECONDS.toMillis(Math.max(0, nanos - known.nanos)));
    }

    /**
     * Whether a window lies further in the future, by the clock's current reading, than any record may: the clock was wrong when the window was
     * begun.
     *
     * @param windowStartMillis epoch ms
     * @param nowMillis epoch ms
     */
    public boolean isAhead(long windowStartMillis, long nowMillis) {
        return windowStartMillis > plus(nowMillis, skewMillis);
    }

    /** Whether a window was begun while the clock was ahead, and the clock is right now. */
    public boolean isMisdated(long windowStartMillis, long nowMillis) {
        return isAhead(windowStartMillis, nowMillis) && !isBehind(nowMillis);
    }

    /** Whether the time can't be that early any more. */
    boolean isBehind(long nowMillis) {
        return isBehind(nowMillis, nanoTime.getAsLong());
    }

    private boolean isBehind(long nowMillis, long nanos) {
        return plus(nowMillis, skewMillis) < millis(nanos);
    }

    /**
     * Trusts a reading of the clock, unless it is behind what is known, and readings have been so for less than a day. A machine may not know the
     * time until it has asked its network; and what one wrong reading established must not count for ever.
     */
    public synchronized void believe(long nowMillis) {
        long nanos = nanoTime.getAsLong();
        if (!isBehind(nowMillis, nanos)) {
            behind = false;
        } else if (!behind) {
            behind = true;
            behindSinceNanos = nanos;
        }
        if (!behind || nanos - behindSinceNanos >= BEHIND_NANOS) {
            behind = false;
            last = new Reading(nowMillis, nanos);
        }
    }

    /** The sum of a time and a positive span, or the end of time. */
    static long plus(long millis, long spanMillis) {
        return millis > Long.MAX_VALUE - spanMillis ? Long.MAX_VALUE : millis + spanMillis;
    }
}
