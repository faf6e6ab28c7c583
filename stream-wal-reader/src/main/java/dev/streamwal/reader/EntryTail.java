package dev.streamwal.reader;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.tail.RestingRule;
import dev.streamwal.tail.WakeableRest;
import dev.streamwal.walk.TailWalk;
import java.time.Duration;
import java.util.Map;

/**
 * A cursor that waits for what is appended, by whatever process. It goes on across rotations, and while segments are sealed, swept and cut,
 * streams are deleted and come again, and the writer ends, is killed, and starts again.
 *
 * <p>What retention took before it was read is told of: {@code next} throws an {@link EntryExpiredException} once, and the call after goes on
 * at {@link EntryExpiredException#to()}. A stream that was deleted tells so when it comes again; but where streams are followed by a prefix or a
 * pattern, one that has gone and was read to its end is a new one then. What {@code truncateAfter} cut off is not told of, as it is
 * as if it hadn't been appended: a tail that had delivered it goes on with what is appended then, at higher positions, and so does one that
 * hadn't, unless it has the segment open and reads it there nevertheless.
 *
 * <p>While it waits it looks at the files, with rests that grow from 0.2 ms to 4 ms and leave it a few hundredths of a core at most; after a
 * tenth of a second it gives its buffers back. A segment that is deleted is let go of by the next look; so wait, or close it.
 *
 * @since 1.0
 */
public final class EntryTail extends EntryCursor {

    private static final long SETTLE_AFTER_NANOS = 100_000_000;

    private final TailWalk walk;
    private final WakeableRest rest;

    /** Since something came last: */
    private boolean waiting;
    private boolean settled;
    private int looks;
    private long quietSince;
    /** What a look takes. */
    private long lookNanos = RestingRule.CHEAP_LOOK_NANOS;

    EntryTail(TailWalk walk, WakeableRest rest) {
        super(walk);
        this.walk = walk;
        this.rest = rest;
    }

    /**
     * {@inheritDoc}
     *
     * <p>It doesn't wait for what isn't appended yet.
     */
    @Override
    public boolean next() {
        boolean found = super.next();
        if (found) {
            waiting = false;
        }
        return found;
    }

    /**
     * Goes to the next record, and waits for it if need be. Whatever {@link #next()} throws it throws too.
     *
     * @param timeout how long at most; zero or less looks once, and doesn't wait
     * @return false where the time is over, or {@link #wakeup()} was called
     * @throws InterruptedException where the thread is interrupted while it waits, or was before
     */
    public boolean next(Duration timeout) throws InterruptedException {
        long timeoutNanos = nanos(timeout);
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before waiting for a record");
        }
        if (next()) {
            return true;
        }
        if (timeoutNanos <= 0) {
            return false;
        }
        long start = System.nanoTime();
        beginWaiting(start);
        for (long now = start; now - start < timeoutNanos; now = System.nanoTime()) {
            long left = timeoutNanos - (now - start);
            if (rest.rest(Math.min(left, RestingRule.restNanos(looks, now - quietSince, lookNanos)))) {
                return false;
            }
            if (look()) {
                return true;
            }
        }
        return false;
    }

    private static long nanos(Duration timeout) {
        try {
            return timeout.toNanos();
        } catch (ArithmeticException moreThanTwoHundredYears) {
            return timeout.isNegative() ? 0 : Long.MAX_VALUE;
        }
    }

    private void beginWaiting(long now) {
        if (!waiting) {
            waiting = true;
            settled = false;
            looks = 0;
            quietSince = now;
        }
    }

    private boolean look() {
        long before = System.nanoTime();
        boolean asks = walk.mayHaveMore();
        boolean found = asks && next();
        long after = System.nanoTime();
        if (!found) {
            // else it has read something
            lookNanos = RestingRule.lookNanos(lookNanos, after - before);
        }
        looks++;
        // to be asked it needs its buffers again
        settled &= !asks;
        if (!found && !settled && after - quietSince >= SETTLE_AFTER_NANOS) {
            settled = true;
            walk.settle();
            releaseParts();
        }
        return found;
    }

    /**
     * Ends the wait of the thread that is in {@link #next(Duration)}, or else its next one, at once. The one method for other threads.
     */
    public void wakeup() {
        rest.wakeup();
    }

    /**
     * Where a later tail goes on, behind everything that this one has delivered: by key, of the streams that it has met. To go on there, give
     * them to {@link ReadFrom#positions}.
     *
     * @return a snapshot, the caller's own; 0 of a stream that it hasn't come to
     */
    public Map<String, Long> positions() {
        return walk.positions();
    }
}
