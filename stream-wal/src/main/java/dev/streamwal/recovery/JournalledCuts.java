package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.DurableFrontier;
import dev.streamwal.recovery.RedoResult.Cut;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The deletions and truncations of a journal. They apply to bytes before and behind them in the journal: positions are never given twice. */
final class JournalledCuts {

    private final Map<StreamKey, Long> deletedBelow = new LinkedHashMap<>();
    private final Map<StreamKey, List<Cut>> truncations = new HashMap<>();

    void deletedBelow(StreamKey key, long position) {
        deletedBelow.merge(key, position, Math::max);
    }

    void truncated(StreamKey key, long from, long to) {
        truncations.computeIfAbsent(key, unused -> new ArrayList<>()).add(new Cut(key, from, to));
    }

    Map<StreamKey, Long> deletedBelow() {
        return deletedBelow;
    }

    /** Of each stream in their order. */
    Collection<List<Cut>> byStream() {
        return truncations.values();
    }

    List<Cut> cuts() {
        return truncations.values().stream().flatMap(List::stream).toList();
    }

    /** The offset in the segment's file from which on everything was cut; at most {@code end}. */
    int keptEnd(SegmentHeader segment, int end) {
        if (isGone(segment.key(), segment.basePosition())) {
            return 0;
        }
        long kept = end;
        for (Cut cut : truncations.getOrDefault(segment.key(), List.of())) {
            if (segment.basePosition() < cut.from()) {
                kept = Math.min(kept, segment.offsetOf(cut.from()));
            }
        }
        return (int) kept;
    }

    /** Whether a whole segment was deleted or cut. */
    boolean isGone(StreamKey key, long basePosition) {
        return basePosition < deletedBelow.getOrDefault(key, 0L)
                || truncations.getOrDefault(key, List.of()).stream().anyMatch(cut -> cut.from() <= basePosition && basePosition < cut.to());
    }

    void tell(DurableFrontier durable) {
        deletedBelow.forEach(durable::deletedBelow);
        cuts().forEach(cut -> durable.truncated(cut.key(), cut.from(), cut.to()));
    }
}
