package dev.streamwal.journal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known to be durable in segments without a footer, from the frontier and the journal together, and what is known to be deleted.
 * Recovery asks it when a stream is first used. Thread-safe; its size grows with the unfinished segments that frontier and journal name.
 */
public final class DurableFrontier {

    /** What is known of one stream. */
    private static final class Known {
        final NavigableMap<Long, FrontierSegment> segments = new TreeMap<>();
        long deletedBelow = NOTHING;
        boolean isCut;
    }

    private static final long NOTHING = -1;

    @GuardedBy("this")
    private final Map<StreamKey, Known> streams = new HashMap<>();

    /** @param segments that are durable so far */
    public DurableFrontier(Collection<FrontierSegment> segments) {
        segments.forEach(this::raise);
    }

    /** Raises the segment's durable offset, which never decreases. A segment with another salt at the same position replaces the one before. */
    public synchronized void raise(FrontierSegment segment) {
        known(segment.key()).segments.merge(segment.basePosition(), segment,
                (before, now) -> before.salt() == now.salt() && before.durableOffset() > now.durableOffset() ? before : now);
    }

    @GuardedBy("this")
    private Known known(StreamKey key) {
        return streams.computeIfAbsent(key, unused -> new Known());
    }

    /** Notes that the stream's segments with a lower base position are deleted. */
    public synchronized void deletedBelow(StreamKey key, long position) {
        Known known = known(key);
        known.deletedBelow = Math.max(known.deletedBelow, position);
        known.segments.headMap(position, false).clear();
    }

    /** Notes that the records at positions {@code [from, to)} are cut. */
    public synchronized void truncated(StreamKey key, long from, long to) {
        Known known = known(key);
        known.isCut = true;
        known.segments.subMap(from, true, to, false).clear();
        Map.Entry<Long, FrontierSegment> cut = known.segments.lowerEntry(from);
        if (cut != null) {
            FrontierSegment segment = cut.getValue();
            long end = from - segment.basePosition() + SegmentHeaderLayout.headerLength(key.utf8Length());
            int offset = (int) Math.min(segment.durableOffset(), end);
            known.segments.put(cut.getKey(), new FrontierSegment(key, segment.basePosition(), segment.salt(), offset));
        }
    }

    /** The offset in the segment's file before which all is durable, the file's name included; empty if none is known. */
    public synchronized OptionalInt durableOffset(StreamKey key, long basePosition, long salt) {
        Known known = streams.get(key);
        @Nullable FrontierSegment segment = known == null ? null : known.segments.get(basePosition);
        return segment == null || segment.salt() != salt ? OptionalInt.empty() : OptionalInt.of(segment.durableOffset());
    }

    /** The position below which the stream's segments are deleted according to the journal; empty if it says nothing. */
    public synchronized OptionalLong deletedBelow(StreamKey key) {
        Known known = streams.get(key);
        return known == null || known.deletedBelow == NOTHING ? OptionalLong.empty() : OptionalLong.of(known.deletedBelow);
    }

    /** The streams of which segments or records were deleted or cut according to the journal. */
    public synchronized List<StreamKey> deletedFrom() {
        List<StreamKey> keys = new ArrayList<>();
        streams.forEach((key, known) -> {
            if (known.deletedBelow != NOTHING || known.isCut) {
                keys.add(key);
            }
        });
        return keys;
    }

    /** Forgets a segment: it has a footer, or is gone. */
    public synchronized void remove(StreamKey key, long basePosition) {
        Known known = streams.get(key);
        if (known != null) {
            known.segments.remove(basePosition);
            if (known.segments.isEmpty() && !known.isCut && known.deletedBelow == NOTHING) {
                streams.remove(key);
            }
        }
    }

    /** All segments known to be durable in part, as written to the frontier's file. */
    public synchronized List<FrontierSegment> segments() {
        List<FrontierSegment> all = new ArrayList<>();
        streams.values().forEach(known -> all.addAll(known.segments.values()));
        return all;
    }
}
