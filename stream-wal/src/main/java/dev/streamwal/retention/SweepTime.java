package dev.streamwal.retention;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Decides whether a sweep may trust the clock: one reading that is a year ahead would delete everything. Pure.
 *
 * <p>Trusted are the known time ({@link KnownTime}) and, on top of it, a span for which the log may have stood still. If the clock lies further
 * ahead, a wrong clock can't be told from a long standstill. Then a segment stays if it isn't due by the known time and was begun before the jump: it
 * is kept as long as it would have been without the jump, and is deleted automatically when that time has passed, or when an operator confirms the
 * clock. Segments begun after the jump expire by the clock. If no segment is concerned, the clock is trusted, and the next sweep deletes by it. But
 * it isn't trusted yet while there is other data from before the jump whose expiration isn't known.
 */
public final class SweepTime {

    private SweepTime() {}

    /**
     * The result.
     *
     * @param streams as given, but segments that have to stay are not due
     * @param segments that stay although they have expired by the clock
     * @param bytes of their files
     * @param isBelieved whether the clock is trusted; false without a segment that stays: a later sweep decides
     */
    public record Outcome(List<ExpiryPlan.Stream> streams, int segments, long bytes, boolean isBelieved) {}

    /** Whether the clock is no further ahead of the known time than allowed. */
    public static boolean isBelievable(long nowMillis, long knownMillis, long maxAdvanceMillis) {
        return nowMillis <= KnownTime.plus(knownMillis, maxAdvanceMillis);
    }

    /** Whether a segment that has expired by a clock that isn't believed has to stay. */
    public static boolean isDoubted(ExpiryPlan.Segment segment, long nowMillis, long knownMillis, long maxAdvanceMillis) {
        return segment.expirationMillis() <= nowMillis && segment.expirationMillis() > knownMillis
                && segment.windowEndMillis() <= KnownTime.plus(knownMillis, maxAdvanceMillis);
    }

    /**
     * @param nowMillis the clock's reading, epoch ms
     * @param knownMillis the earliest possible time now, epoch ms
     * @param maxAdvanceMillis by which the clock may be ahead of it
     * @param isOtherBegunBefore whether there may be data outside of the streams' segments that was begun at or before a time, epoch ms; asked only if that
     *     decides
     */
    public static Outcome of(long nowMillis, long knownMillis, long maxAdvanceMillis, List<ExpiryPlan.Stream> streams,
            LongPredicate isOtherBegunBefore) {
        if (isBelievable(nowMillis, knownMillis, maxAdvanceMillis)) {
            return new Outcome(streams, 0, 0, true);
        }
        long believed = KnownTime.plus(knownMillis, maxAdvanceMillis);
        List<ExpiryPlan.Stream> doubted = new ArrayList<>(streams.size());
        int segments = 0;
        long bytes = 0;
        for (ExpiryPlan.Stream stream : streams) {
            List<ExpiryPlan.Segment> views = new ArrayList<>(stream.segments().size());
            for (ExpiryPlan.Segment segment : stream.segments()) {
                boolean stays = isDoubted(segment, nowMillis, knownMillis, maxAdvanceMillis);
                views.add(stays ? segment.withExpiration(Long.MAX_VALUE) : segment);
                segments += stays ? 1 : 0;
                bytes += stays ? segment.bytes() : 0;
            }
            doubted.add(new ExpiryPlan.Stream(stream.key(), stream.maxBytes(), views));
        }
        return segments == 0 ? new Outcome(streams, 0, 0, !isOtherBegunBefore.test(believed)) : new Outcome(doubted, segments, bytes, false);
    }
}
