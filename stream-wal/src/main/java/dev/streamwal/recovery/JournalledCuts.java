package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.DurableFrontier;
import dev.streamwal.journal.DurableFrontier.Truncation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The deletions and truncations of a journal. They apply to bytes before and behind them in the journal: positions are never given twice. */
final class JournalledCuts {

    private final Map<StreamKey, Long> deletedBelow = new LinkedHashMap<>();
    private final Map<StreamKey, List<Truncation>> truncations = new HashMap<>();

    void deletedBelow(StreamKey key, long position) {
        deletedBelow.merge(key, position, Math::max);
    }

    void truncated(StreamKey key, long from, long to) {
        truncations.computeIfAbsent(key, unused -> new ArrayList<>()).add(new Truncation(from, to));
    }

    Map<StreamKey, Long> deletedBelow() {
        return deletedBelow;
    }

    Map<StreamKey, List<Truncation>> truncations() {
        return truncations;
    }

    List<RedoResult.Cut> cuts() {
        List<RedoResult.Cut> all = new ArrayList<>();
        truncations.forEach((key, cuts) -> cuts.forEach(cut -> all.add(new RedoResult.Cut(key, cut.from(), cut.to()))));
        return all;
    }

    /** The offset in the segment's file from which on everything was cut; at most {@code end}. */
    int keptEnd(SegmentHeader segment, int end) {
        if (segment.basePosition() < deletedBelow.getOrDefault(segment.key(), 0L)) {
            return 0;
        }
        long kept = end;
        for (Truncation cut : truncations.getOrDefault(segment.key(), List.of())) {
            if (segment.basePosition() < cut.from()) {
                kept = Math.min(kept, segment.offsetOf(cut.from()));
            } else if (segment.basePosition() < cut.to()) {
                return 0;
            }
        }
        return (int) kept;
    }

    void tell(DurableFrontier durable) {
        deletedBelow.forEach(durable::deletedBelow);
        truncations.forEach((key, cuts) -> cuts.forEach(cut -> durable.truncated(key, cut.from(), cut.to())));
    }
}
