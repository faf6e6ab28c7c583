package dev.streamwal.retention;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Handles segments that were begun while the clock was far ahead, so that their expirations lie in that future. Because only the beginning of a
 * stream expires ({@link ExpiryPlan}), one such segment would keep all that was appended after it until then. Its records are no newer than what
 * follows it, so it is due when something that follows it is due. It has the times of that segment then, so that it stays, too, if that one has to stay
 * because the clock isn't believed ({@link SweepTime}). Pure.
 *
 * <p>What follows may be in packs, while these segments are in files: then it is given as one more segment.
 *
 * <p>A segment counts as misdated only while its window lies in the future by the sweep's clock. So a clock that was behind for a while deletes
 * nothing extra: what it began is due at once, and the segments before it, whose windows are not in the future, are not. A segment that was merely
 * promised a longer retention than those behind it keeps it.
 */
public final class MisdatedSegments {

    private MisdatedSegments() {}

    /** Whether the window of a stream's segment lies in the future; called only if the result depends on it. */
    @FunctionalInterface
    public interface Ahead {
        boolean isAhead(int index) throws IOException;
    }

    /** What a stream has in packs behind its own files. */
    @FunctionalInterface
    public interface Behind {

        /** There is nothing that is due. */
        Behind NOTHING = position -> null;

        /** The first segment behind a position that is due; null if there is none. */
        ExpiryPlan.@Nullable Segment firstDue(long position) throws IOException;
    }

    /**
     * @param nowMillis epoch ms
     * @param segments of a stream, all of them, in order of position
     * @return the same segments; a misdated one that is to be deleted has the times of the next one behind it that is due
     */
    public static List<ExpiryPlan.Segment> withDueExpirations(long nowMillis, List<ExpiryPlan.Segment> segments, Ahead ahead)
            throws IOException {
        int lastDue = segments.size() - 1;
        while (lastDue >= 0 && segments.get(lastDue).expirationMillis() > nowMillis) {
            lastDue--;
        }
        List<ExpiryPlan.Segment> dated = null;
        for (int i = 0; i < lastDue; i++) {
            ExpiryPlan.Segment segment = segments.get(i);
            if (segment.expirationMillis() <= nowMillis) {
                continue;
            }
            if (!ahead.isAhead(i)) {
                // it stays, and so do all behind it
                break;
            }
            if (dated == null) {
                dated = new ArrayList<>(segments);
            }
            dated.set(i, segment.dueWith(nextDue(nowMillis, segments, i)));
        }
        return dated == null ? segments : dated;
    }

    /** The next segment behind an index that is due by its own expiration; there is one. */
    private static ExpiryPlan.Segment nextDue(long nowMillis, List<ExpiryPlan.Segment> segments, int index) {
        int next = index + 1;
        while (segments.get(next).expirationMillis() > nowMillis) {
            next++;
        }
        return segments.get(next);
    }
}
