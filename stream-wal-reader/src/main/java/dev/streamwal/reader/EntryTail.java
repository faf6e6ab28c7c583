package dev.streamwal.reader;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.tail.RestingRule;
import dev.streamwal.tail.WakeableRest;
import dev.streamwal.walk.TailWalk;
import java.time.Duration;
import java.util.Map;

/**
 * A cursor that waits for new records, whichever process appends them. It survives rotation, sealing, sweeping and cutting of segments, streams that
 * are deleted and come again, and a writer that ends, is killed or restarts. If another log is created or restored at the log's path, the tail ends
 * with a {@link WalClosedException}, except in the process that writes the log.
 *
 * <p>Records that retention deleted before they were read are reported: {@code next} throws an {@link EntryExpiredException} once, and the next call
 * continues at {@link EntryExpiredException#to()}. Records of a deleted stream are reported when the stream comes again. One exception: a tail by
 * prefix or pattern remembers the last thousand streams that were deleted after it had read them to their end; an earlier one counts as new. If it
 * isn't known whether there were such records, {@link EntryExpiredException#isCertain()} is false.
 *
 * <p>Records that {@code truncateAfter} cut off are not reported, as if they hadn't been appended. Whether or not the tail had delivered them, it
 * goes on with the records appended after the cut, which have higher positions. A tail that has the segment open may still read the records that
 * were cut off.
 *
 * <p>A waiting tail polls the files. Between its looks it rests for 0.2 ms to 4 ms, and for up to 200 ms if a look takes long, as with many streams.
 * While nothing comes, it takes a hundredth of a core; in the second after a record, up to a ninth. A tail of many streams looks at shared segments
 * at each call, but at streams with segments of their own only after such a rest, even if {@code next} isn't asked to wait: false means that there
 * was nothing at the last look. With many such streams, it may take some looks to find the first record of a new segment. After a tenth of a second
 * a waiting tail gives its buffers back. The next look closes the file of a deleted segment, which frees its space: so keep calling {@code next}, or
 * close the tail.
 *
 * @since 1.0
 */
public final class EntryTail extends EntryCursor {

    private static final long SETTLE_AFTER_NANOS = 100_000_000;

    private final TailWalk walk;
    private final WakeableRest rest;

    /** State since the last record came. */
    private boolean waiting;
    private boolean settled;
    private int looks;
    private long quietSince;
    /** Duration of a look. */
    private long lookNanos = RestingRule.CHEAP_LOOK_NANOS;

    EntryTail(TailWalk walk, LogKeys keys, WakeableRest rest) {
        super(walk, keys);
        this.walk = walk;
        this.rest = rest;
    }

    /**
     * {@inheritDoc}
     *
     * <p>It doesn't wait for records that aren't appended yet.
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
     * Goes to the next record, and waits for it if need be. Throws what {@link #next()} throws.
     *
     * @param timeout how long to wait at most; zero or less looks once, and doesn't wait. A look of a tail of many streams covers shared segments,
     *     but only some of the segments that streams have of their own, in turn: false doesn't mean that there is nothing in those
     * @return false if the time is over, or {@link #wakeup()} was called
     * @throws InterruptedException if the thread is interrupted while it waits, or was before
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
            // a look that found a record has read it, too, and doesn't count
            lookNanos = RestingRule.lookNanos(lookNanos, after - before);
        }
        looks += looks < Integer.MAX_VALUE ? 1 : 0; // which takes a hundred days
        // asking the walk has allocated its buffers again
        settled &= !asks;
        if (!found && !settled && after - quietSince >= SETTLE_AFTER_NANOS) {
            settled = true;
            walk.settle();
            releaseParts();
        }
        return found;
    }

    /**
     * Ends the current wait in {@link #next(Duration)} at once, or else the next one. The only method that other threads may call.
     */
    public void wakeup() {
        rest.wakeup();
    }

    /**
     * This tail, with values of a type in place of bytes. Both move together; closing either closes both.
     *
     * @param <T> type of the values
     * @param codec makes them of the records' contents
     * @return to be closed by the caller, in place of this one
     * @throws IllegalArgumentException if the codec's schema id or version is out of range
     */
    @Override
    public <T> TypedTail<T> typed(RecordCodec<T> codec) {
        return new TypedTail<>(this, codec);
    }

    /**
     * Where a later tail continues, after everything that this one has delivered: a position for each stream that it has come across. To continue
     * there, give the positions to {@link ReadFrom#positions}, and follow the same keys.
     *
     * <p>A tail of a prefix, of a pattern, or of all streams leaves out those in which it hasn't read anything yet, unless it was told where to begin
     * in them. A later tail of the same keys delivers such a stream from its first record. A stream that is followed by its key, or by a
     * {@link WalConsumer}, has position 0 instead. A tail from there may report a loss: of records that retention deleted, or of positions that never
     * had a record. After {@link #close()} the positions are those at which the tail was closed.
     *
     * @return a snapshot by key, the caller's own
     */
    public Map<String, Long> positions() {
        return walk.positions();
    }
}
