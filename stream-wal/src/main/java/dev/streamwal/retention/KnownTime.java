package dev.streamwal.retention;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What time it is at least: what the log's clock said when it was last believed, and what has passed since by the machine's steady clock,
 * which nobody sets. So a reading of the log's clock can be told from what is possible. Thread-safe.
 */
public final class KnownTime {

    /** Clocks are set back by parts of a second, and a thread may be held up between reading the clock and using what it read. */
    private static final long LEAST_SKEW_MILLIS = 60_000;

    /** A clock that has been behind for so long is believed: it was ahead before. */
    static final long BEHIND_NANOS = TimeUnit.DAYS.toNanos(1);

    private final long skewMillis;
    private final LongSupplier nanoTime;
    private volatile Reading last;

    @GuardedBy("this")
    private boolean behind;

    @GuardedBy("this")
    private long behindSinceNanos;

    /** What the clock said when the steady one said this. */
    private record Reading(long millis, long nanos) {}

    /**
     * @param nowMillis what is known at the beginning
     * @param maxSkewMillis that a clock may be wrong by
     * @param nanoTime steady
     */
    public KnownTime(long nowMillis, long maxSkewMillis, LongSupplier nanoTime) {
        this.skewMillis = Math.max(maxSkewMillis, LEAST_SKEW_MILLIS);
        this.nanoTime = nanoTime;
        this.last = new Reading(nowMillis, nanoTime.getAsLong());
    }

    /** Of a log of which nothing is known: no clock is ahead of it, or behind. */
    public static KnownTime unknown() {
        return new KnownTime(Long.MIN_VALUE, Long.MAX_VALUE, () -> 0);
    }

    /** Epoch ms; it is this time now, or later, unless a clock that was believed was wrong. */
    public long millis() {
        return millis(nanoTime.getAsLong());
    }

    private long millis(long nanos) {
        Reading known = last;
        return plus(known.millis, TimeUnit.NANOSECONDS.toMillis(Math.max(0, nanos - known.nanos)));
    }

    /**
     * Whether a window lies in the future, by what the clock says now, further than any record may: the clock was wrong when it was begun.
     *
     * @param windowStartMillis epoch ms
     * @param nowMillis epoch ms
     */
    public boolean isAhead(long windowStartMillis, long nowMillis) {
        return windowStartMillis > plus(nowMillis, skewMillis);
    }

    /** Whether it can't be that early any more. */
    public boolean isBehind(long nowMillis) {
        return isBehind(nowMillis, nanoTime.getAsLong());
    }

    private boolean isBehind(long nowMillis, long nanos) {
        return plus(nowMillis, skewMillis) < millis(nanos);
    }

    /**
     * The clock said so, and is believed: unless that is behind what is known, and has been for less than a day. A machine may not know the
     * time until it has asked its network; and what one wrong reading made known must not count for ever.
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
