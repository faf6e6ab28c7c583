package dev.streamwal.retention;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether a sweep may believe the clock: one reading that is a year ahead would delete everything. Pure.
 *
 * <p>What is known ({@link KnownTime}) and a span on top of it, for which the log may have stood still, are believed. Where the clock lies
 * further ahead, nobody can tell a wrong clock from a long standstill by it. Then a segment stays that isn't due by what is known, if it was
 * begun before the jump: it is kept as long as it would have been had nothing jumped, and goes without anybody's doing when that time has
 * passed, or when somebody vouches for the clock. What was begun after the jump goes by the clock. Where nothing is at stake, the clock is
 * believed.
 */
public final class SweepTime {

    private SweepTime() {}

    /**
     * What is to be done.
     *
     * @param streams as they were given; what has to stay is not due in them
     * @param segments that stay although they have expired by the clock; 0: the clock is believed
     * @param bytes of their files
     */
    public record Outcome(List<ExpiryPlan.Stream> streams, int segments, long bytes) {

        public boolean isBelieved() {
            return segments == 0;
        }
    }

    /** Whether the clock is no further ahead of what is known than may be. */
    public static boolean isBelievable(long nowMillis, long knownMillis, long maxAdvanceMillis) {
        return nowMillis <= KnownTime.plus(knownMillis, maxAdvanceMillis);
    }

    /**
     * @param nowMillis what the clock says, epoch ms
     * @param knownMillis what time it is at least, epoch ms
     * @param maxAdvanceMillis that the clock may lie ahead of it
     */
    public static Outcome of(long nowMillis, long knownMillis, long maxAdvanceMillis, List<ExpiryPlan.Stream> streams) {
        if (isBelievable(nowMillis, knownMillis, maxAdvanceMillis)) {
            return new Outcome(streams, 0, 0);
        }
        long believed = KnownTime.plus(knownMillis, maxAdvanceMillis);
        List<ExpiryPlan.Stream> doubted = new ArrayList<>(streams.size());
        int segments = 0;
        long bytes = 0;
        for (ExpiryPlan.Stream stream : streams) {
            List<ExpiryPlan.Segment> views = new ArrayList<>(stream.segments().size());
            for (ExpiryPlan.Segment segment : stream.segments()) {
                boolean stays = segment.expirationMillis() <= nowMillis && segment.expirationMillis() > knownMillis
                        && segment.windowEndMillis() <= believed;
                views.add(stays ? segment.withExpiration(Long.MAX_VALUE) : segment);
                segments += stays ? 1 : 0;
                bytes += stays ? segment.bytes() : 0;
            }
            doubted.add(new ExpiryPlan.Stream(stream.key(), stream.maxBytes(), views));
        }
        return segments == 0 ? new Outcome(streams, 0, 0) : new Outcome(doubted, segments, bytes);
    }
}
