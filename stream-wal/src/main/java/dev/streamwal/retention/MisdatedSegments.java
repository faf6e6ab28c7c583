package dev.streamwal.retention;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Handles segments that were begun while the clock was far ahead, so that their expirations lie in that future. Because only the beginning of a
 * stream expires ({@link ExpiryPlan}), one such segment would keep all that was appended after it until then. Its records are no newer than what
 * follows it, so it is due when the next segment that isn't misdated is due. It has the times of that segment then, so that it stays, too, if that one has
 * to stay because the clock isn't believed ({@link SweepTime}). If the next one stays, all behind that stays, too, and so does the misdated one: it may have
 * been promised as much. Pure.
 *
 * <p>What follows may be in packs, while these segments are in files: {@link InPacks} tells.
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

    /** What a stream has in packs. */
    public interface InPacks {

        /** Whether any pack is due, so that something in it may be. */
        boolean isAnyDue();

        /** The stream's segments in packs. */
        List<Packed> segments() throws IOException;
    }

    /** A segment in a pack, and whether its window lies in the future. */
    public record Packed(ExpiryPlan.Segment segment, boolean isAhead) {}

    private record Item(ExpiryPlan.Segment segment, Ahead ahead, int index, boolean isFile) {}

    /**
     * As {@link #withDueExpirations(long, List, Ahead)}, of a stream's files between and before what it has in packs. Packs are looked into only if the first
     * file that isn't due is misdated.
     *
     * @param mayEndInPacks whether the stream may have something in packs behind its newest file
     */
    public static List<ExpiryPlan.Segment> withDueExpirations(long nowMillis, List<ExpiryPlan.Segment> files, Ahead ahead, boolean mayEndInPacks,
            InPacks inPacks) throws IOException {
        int first = 0;
        while (first < files.size() && files.get(first).expirationMillis() <= nowMillis) {
            first++;
        }
        boolean mayMatter = first < files.size() && ((mayEndInPacks && inPacks.isAnyDue()) || nextDue(nowMillis, files, first) < files.size());
        if (!mayMatter || !ahead.isAhead(first)) {
            return files;
        }
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            items.add(new Item(files.get(i), ahead, i, true));
        }
        inPacks.segments().forEach(packed -> items.add(new Item(packed.segment(), unused -> packed.isAhead(), 0, false)));
        items.sort(Comparator.comparingLong(item -> item.segment().basePosition()));
        List<ExpiryPlan.Segment> all = withDueExpirations(nowMillis, items.stream().map(Item::segment).toList(),
                at -> items.get(at).ahead().isAhead(items.get(at).index()));
        return IntStream.range(0, all.size()).filter(at -> items.get(at).isFile()).mapToObj(all::get).toList();
    }

    /**
     * @param nowMillis epoch ms
     * @param segments of a stream, all of them, in order of position
     * @return the same segments; a misdated one that is to be deleted has the times of the next one behind it that is due
     */
    public static List<ExpiryPlan.Segment> withDueExpirations(long nowMillis, List<ExpiryPlan.Segment> segments, Ahead ahead)
            throws IOException {
        List<ExpiryPlan.Segment> dated = null;
        int from = 0;
        for (int due = nextDue(nowMillis, segments, from); due < segments.size(); due = nextDue(nowMillis, segments, from)) {
            for (int i = from; i < due; i++) {
                if (!ahead.isAhead(i)) {
                    // it stays, and so does all behind it; nothing before it was appended later
                    return dated == null ? segments : dated;
                }
            }
            for (int i = from; i < due; i++) {
                dated = dated == null ? new ArrayList<>(segments) : dated;
                dated.set(i, segments.get(i).dueWith(segments.get(due)));
            }
            from = due + 1;
        }
        return dated == null ? segments : dated;
    }

    /** The next segment, at or behind an index, that is due by its own expiration; the number of segments if there is none. */
    private static int nextDue(long nowMillis, List<ExpiryPlan.Segment> segments, int from) {
        int next = from;
        while (next < segments.size() && segments.get(next).expirationMillis() > nowMillis) {
            next++;
        }
        return next;
    }
}
