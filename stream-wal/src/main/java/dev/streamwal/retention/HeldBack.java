package dev.streamwal.retention;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which segments are kept for consumers although {@link ExpiryPlan} would delete them. Pure.
 *
 * <p>The plan is made without regard to consumers. Of the segments that it takes from a stream, all expired or over a limit of bytes, the oldest
 * stays if a consumer holds it, and then so do those behind it; otherwise it is deleted, and the next one is checked. A consumer holds a segment if
 * all of this is true:
 *
 * <ul>
 *   <li>the consumer hasn't committed the segment's end;
 *   <li>the segment expired less than the consumer's time ago, or hasn't expired;
 *   <li>this segment and those behind it that would be deleted too have, as files, no more bytes together than the consumer's limit.
 * </ul>
 *
 * <p>So held segments come on top of what the limits of bytes allow, for each stream up to its consumers' limits: a consumer that never comes back
 * takes no more space than it was given. Because the plan counts held segments as deleted, nothing else is deleted in their place. Each consumer has
 * its own limits, and a segment stays as long as one of them holds it.
 */
public final class HeldBack {

    /**
     * What one consumer may hold of a stream.
     *
     * @param committed stream position before which the consumer has processed everything; 0 if it has never committed
     * @param maxBytes of files
     * @param maxTimeMillis beyond a segment's expiration
     */
    public record Hold(long committed, long maxBytes, long maxTimeMillis) {}

    /**
     * A segment that would be deleted.
     *
     * @param endPosition where its records end, or a later position that is not behind the next segment's beginning
     */
    public record Due(ExpiryPlan.Deletion deletion, long endPosition) {

        /** The same with other times. */
        public Due with(ExpiryPlan.Segment segment) {
            return new Due(new ExpiryPlan.Deletion(deletion.key(), segment, deletion.cause()), endPosition);
        }
    }

    /**
     * The result.
     *
     * @param deletions to be done, in the order of the plan
     * @param segments that stay
     * @param bytes of their files
     */
    public record Outcome(List<ExpiryPlan.Deletion> deletions, int segments, long bytes) {}

    private HeldBack() {}

    /**
     * @param nowMillis epoch ms
     * @param plan in the order of deletion, within a stream the oldest first
     * @param holds by stream; no consumer holds a stream that isn't in it
     */
    public static Outcome of(long nowMillis, List<Due> plan, Map<String, List<Hold>> holds) {
        Map<String, Long> bytesLeft = new HashMap<>();
        plan.forEach(due -> bytesLeft.merge(due.deletion().key(), due.deletion().segment().bytes(), Long::sum));
        Set<String> held = new HashSet<>();
        List<ExpiryPlan.Deletion> deletions = new ArrayList<>();
        long heldBytes = 0;
        for (Due due : plan) {
            String key = due.deletion().key();
            long bytes = bytesLeft.getOrDefault(key, 0L);
            boolean stays = held.contains(key)
                    || holds.getOrDefault(key, List.of()).stream().anyMatch(hold -> holds(hold, due, bytes, nowMillis));
            if (stays) {
                held.add(key);
                heldBytes += due.deletion().segment().bytes();
            } else {
                deletions.add(due.deletion());
                bytesLeft.put(key, bytes - due.deletion().segment().bytes());
            }
        }
        return new Outcome(deletions, plan.size() - deletions.size(), heldBytes);
    }

    /**
     * The first time from now on at which a consumer's time for one of these segments is over. Before that, a segment is released only by a commit,
     * or when more segments would be deleted.
     *
     * @param nowMillis epoch ms
     */
    public static long nextReleaseMillis(long nowMillis, List<Due> dues, List<Hold> holds) {
        long next = Long.MAX_VALUE;
        for (Due due : dues) {
            for (Hold hold : holds) {
                long released = KnownTime.plus(due.deletion().segment().expirationMillis(), hold.maxTimeMillis());
                next = released > nowMillis ? Math.min(next, released) : next;
            }
        }
        return next;
    }

    private static boolean holds(Hold hold, Due due, long bytes, long nowMillis) {
        return hold.committed() < due.endPosition()
                && nowMillis - due.deletion().segment().expirationMillis() < hold.maxTimeMillis()
                && bytes <= hold.maxBytes();
    }
}
