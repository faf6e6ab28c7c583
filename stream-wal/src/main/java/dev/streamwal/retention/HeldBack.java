package dev.streamwal.retention;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which segments stay for their consumers' sake although {@link ExpiryPlan} would have them go. Pure.
 *
 * <p>The plan is made as if nobody held anything. Of what it takes from a stream, all of which has expired or is over a limit of bytes, the
 * oldest segment stays if some consumer holds it, and then so do those behind it; otherwise it goes, and the next one is looked at. A
 * consumer holds a segment if all of this is so:
 *
 * <ul>
 *   <li>it hasn't committed the segment's end;
 *   <li>the segment's expiration was less than the consumer's time ago, or is yet to come;
 *   <li>this segment and those behind it that would go too have, as files, no more bytes together than the consumer's limit.
 * </ul>
 *
 * <p>So what is held comes on top of what the limits of bytes allow, each stream by its consumers' limits and no more: a consumer that
 * never comes again takes no more room than it was given. As the plan counts what is held as gone, nothing else goes in its place. Of
 * several consumers each has limits of its own, and a segment stays as long as one of them holds it.
 */
public final class HeldBack {

    /**
     * What one consumer may hold of a stream.
     *
     * @param committed stream position before which it has done with everything; 0 where it has never committed
     * @param maxBytes of files
     * @param maxTimeMillis beyond a segment's expiration
     */
    public record Hold(long committed, long maxBytes, long maxTimeMillis) {}

    /**
     * A segment that would go.
     *
     * @param endPosition where its records end, or a later position that the next one doesn't begin before
     */
    public record Due(ExpiryPlan.Deletion deletion, long endPosition) {}

    /**
     * What is done.
     *
     * @param deletions what goes, in the order of the plan
     * @param segments that stay
     * @param bytes of their files
     */
    public record Outcome(List<ExpiryPlan.Deletion> deletions, int segments, long bytes) {}

    private HeldBack() {}

    /**
     * @param nowMillis epoch ms
     * @param plan in the order to delete in, within a stream the oldest first
     * @param holds by stream; who isn't there is held by nobody
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

    private static boolean holds(Hold hold, Due due, long bytes, long nowMillis) {
        return hold.committed() < due.endPosition()
                && nowMillis - due.deletion().segment().expirationMillis() < hold.maxTimeMillis()
                && bytes <= hold.maxBytes();
    }
}
