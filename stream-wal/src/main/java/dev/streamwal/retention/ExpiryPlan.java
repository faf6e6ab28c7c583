package dev.streamwal.retention;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Decides which segments are deleted, and why. Pure: the same input gives the same list.
 *
 * <ol>
 *   <li>{@link Cause#EXPIRED}: the expiration is now or past.
 *   <li>{@link Cause#STREAM_BYTES}: the rest of the stream is over its limit; its oldest segment is deleted, until it isn't.
 *   <li>{@link Cause#TOTAL_BYTES}: the rest of the whole log is over its limit; of the streams' oldest segments the one whose window ended first is
 *       deleted (of equals: the one that expires first, then by key), until it isn't.
 * </ol>
 *
 * <p>A segment is deleted only if it is sealed and all older ones of its stream are deleted too: a stream loses only its beginning. So the position
 * at which it now begins tells all that is lost, and a reader that continues behind it missed one range, not several. An expired segment behind one
 * that hasn't expired, for example after the retention was shortened, therefore waits until that one is deleted, for whatever reason: at the latest
 * when the older one's promised retention is over. With {@link PresentRetention} both expire by the present one. (A segment that only seems younger,
 * because the clock was wrong when it was begun, is due with what follows it: {@link MisdatedSegments}.) Likewise, what stands behind an unsealed
 * segment waits until that is sealed. So a limit of bytes may be exceeded by what can't be deleted yet.
 */
public final class ExpiryPlan {

    /** Why a segment is deleted; the first cause that applies. */
    public enum Cause { EXPIRED, STREAM_BYTES, TOTAL_BYTES }

    /**
     * One segment.
     *
     * @param basePosition of its first record; the segment's name within its stream
     * @param expirationMillis epoch ms from which on it may be deleted
     * @param windowEndMillis epoch ms; orders the segments of different streams by age, so that an estimate suffices if the log as a whole is within
     *     its limit
     * @param bytes of the file
     * @param deletable whether it is sealed
     */
    public record Segment(
            long basePosition, long expirationMillis, long windowEndMillis, long bytes, boolean deletable) {

        /** The same segment with another expiration. */
        Segment withExpiration(long newExpirationMillis) {
            return new Segment(basePosition, newExpirationMillis, windowEndMillis, bytes, deletable);
        }

        /** The same segment as old as another one, and due with it. */
        public Segment dueWith(Segment other) {
            return new Segment(basePosition, other.expirationMillis, other.windowEndMillis, bytes, deletable);
        }
    }

    /**
     * One stream.
     *
     * @param maxBytes {@link Long#MAX_VALUE}: no limit
     * @param segments all of them, in order of position
     */
    public record Stream(String key, long maxBytes, List<Segment> segments) {}

    /** One segment to delete. */
    public record Deletion(String key, Segment segment, Cause cause) {}

    private static final Comparator<Remainder> OLDEST_FIRST = Comparator
            .<Remainder>comparingLong(r -> r.head().windowEndMillis())
            .thenComparingLong(r -> r.head().expirationMillis())
            .thenComparing(r -> r.stream.key());

    private ExpiryPlan() {}

    /**
     * @param nowMillis epoch ms
     * @param maxTotalBytes of all the streams together; {@link Long#MAX_VALUE}: no limit
     * @param streams each key once
     * @return in the order of deletion, within a stream the oldest first: if one deletion fails, the stream's later ones must not be done either
     */
    public static List<Deletion> of(long nowMillis, long maxTotalBytes, List<Stream> streams) {
        List<Deletion> plan = new ArrayList<>();
        List<Remainder> remainders = new ArrayList<>();
        long totalBytes = 0;
        for (Stream stream : streams) {
            Remainder remainder = new Remainder(stream);
            remainder.dropWhatIsDue(nowMillis, plan);
            totalBytes += remainder.bytes;
            remainders.add(remainder);
        }
        if (totalBytes > maxTotalBytes) {
            dropOldest(nowMillis, totalBytes - maxTotalBytes, remainders, plan);
        }
        return plan;
    }

    private static void dropOldest(
            long nowMillis, long excessBytes, List<Remainder> remainders, List<Deletion> plan) {
        PriorityQueue<Remainder> queue = new PriorityQueue<>(OLDEST_FIRST);
        remainders.stream().filter(Remainder::canGo).forEach(queue::add);
        long excess = excessBytes;
        while (excess > 0 && !queue.isEmpty()) {
            Remainder oldest = queue.remove();
            long before = oldest.bytes;
            plan.add(oldest.drop(Cause.TOTAL_BYTES));
            oldest.dropWhatIsDue(nowMillis, plan);
            excess -= before - oldest.bytes;
            if (oldest.canGo()) {
                queue.add(oldest);
            }
        }
    }

    /** The rest of a stream while the plan is made. */
    private static final class Remainder {

        final Stream stream;
        long bytes;
        private int gone;

        Remainder(Stream stream) {
            this.stream = stream;
            this.bytes = stream.segments().stream().mapToLong(Segment::bytes).sum();
        }

        boolean canGo() {
            return gone < stream.segments().size() && head().deletable();
        }

        Segment head() {
            return stream.segments().get(gone);
        }

        /** Plans the deletions that don't depend on other streams. */
        void dropWhatIsDue(long nowMillis, List<Deletion> plan) {
            while (canGo()) {
                if (head().expirationMillis() <= nowMillis) {
                    plan.add(drop(Cause.EXPIRED));
                } else if (bytes > stream.maxBytes()) {
                    plan.add(drop(Cause.STREAM_BYTES));
                } else {
                    return;
                }
            }
        }

        Deletion drop(Cause cause) {
            Segment segment = head();
            gone++;
            bytes -= segment.bytes();
            return new Deletion(stream.key(), segment, cause);
        }
    }
}
