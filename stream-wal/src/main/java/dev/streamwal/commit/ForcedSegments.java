package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.FrontierSegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Segments without a footer that are partly durable without the journal: the content of the frontier. Bounded by the segments without a
 * footer that had to become durable. Thread-safe.
 */
final class ForcedSegments {

    /** Identifies a segment for ever. */
    private record Id(StreamKey key, long basePosition) implements Comparable<Id> {

        @Override
        public int compareTo(Id other) {
            int byKey = key.text().compareTo(other.key.text());
            return byKey != 0 ? byKey : Long.compare(basePosition, other.basePosition);
        }
    }

    /** @param live the open segment, if it was opened; it knows when it has its footer */
    private record Forced(FrontierSegment segment, @Nullable CommitSegment live) {}

    private final TreeMap<Id, Forced> forced = new TreeMap<>();

    synchronized void addAll(Collection<FrontierSegment> segments) {
        for (FrontierSegment segment : segments) {
            put(segment, null);
        }
    }

    synchronized void put(FrontierSegment segment, @Nullable CommitSegment live) {
        forced.merge(new Id(segment.key(), segment.basePosition()), new Forced(segment, live), ForcedSegments::further);
    }

    private static Forced further(Forced before, Forced now) {
        boolean same = before.segment.salt() == now.segment.salt();
        FrontierSegment segment = same && before.segment.durableOffset() > now.segment.durableOffset() ? before.segment : now.segment;
        return new Forced(segment, now.live != null ? now.live : before.live);
    }

    /** A segment was opened. Returns how far it is known to be durable. */
    synchronized OptionalInt adopt(CommitSegment segment) {
        Id id = new Id(segment.header().key(), segment.header().basePosition());
        Forced known = forced.get(id);
        if (known == null || known.segment.salt() != segment.header().salt()) {
            return OptionalInt.empty();
        }
        forced.put(id, new Forced(known.segment, segment));
        return OptionalInt.of(known.segment.durableOffset());
    }

    /** The segments that got their footers, which may not be durable yet. Forgets segments that are gone. */
    synchronized List<CommitSegment> finished() {
        forced.values().removeIf(each -> each.live != null && each.live.isGone());
        List<CommitSegment> found = new ArrayList<>();
        for (Forced each : forced.values()) {
            CommitSegment live = each.live;
            if (live != null && live.isFinished()) {
                found.add(live);
            }
        }
        return found;
    }

    synchronized void remove(CommitSegment segment) {
        forced.remove(new Id(segment.header().key(), segment.header().basePosition()));
    }

    synchronized void remove(Deletion deletion) {
        if (deletion instanceof Deletion.Below below) {
            forced.subMap(new Id(below.key(), Long.MIN_VALUE), new Id(below.key(), below.position())).clear();
        } else if (deletion instanceof Deletion.Cut cut) {
            forced.subMap(new Id(cut.key(), cut.from()), new Id(cut.key(), cut.to())).clear();
            cutBehind(cut.key(), cut.from());
        }
    }

    /** Nothing behind this position in its segment is durable. */
    private synchronized void cutBehind(StreamKey key, long position) {
        Map.Entry<Id, Forced> before = forced.lowerEntry(new Id(key, position));
        if (before == null || !before.getKey().key.equals(key)) {
            return;
        }
        FrontierSegment segment = before.getValue().segment;
        long end = position - segment.basePosition() + SegmentHeaderLayout.headerLength(key.utf8Length());
        forced.put(before.getKey(), new Forced(upTo(segment, (int) Math.min(segment.durableOffset(), end)), before.getValue().live));
    }

    private static FrontierSegment upTo(FrontierSegment segment, int offset) {
        return offset == segment.durableOffset() ? segment
                : new FrontierSegment(segment.key(), segment.basePosition(), segment.salt(), offset);
    }

    /** Takes over another one's whole entry for the segment; nothing if the segment has been deleted meanwhile. */
    synchronized void take(FrontierSegment segment, ForcedSegments from) {
        Forced known = from.get(segment);
        if (known != null) {
            put(known.segment, known.live);
        }
    }

    private synchronized @Nullable Forced get(FrontierSegment segment) {
        return forced.get(new Id(segment.key(), segment.basePosition()));
    }

    synchronized void clear() {
        forced.clear();
    }

    synchronized List<FrontierSegment> all() {
        List<FrontierSegment> all = new ArrayList<>(forced.size());
        for (Forced each : forced.values()) {
            CommitSegment live = each.live;
            if (live == null) {
                all.add(each.segment);
            } else if (!live.isGone()) {
                // it may have been cut since
                all.add(upTo(each.segment, Math.min(each.segment.durableOffset(), live.durableOffset())));
            }
        }
        return all;
    }
}
