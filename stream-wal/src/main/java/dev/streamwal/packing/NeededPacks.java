package dev.streamwal.packing;

import dev.streamwal.format.StreamKey;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Packs that have to be in the log's directory: packs that are in use, packs that a half-completed cut needs, and packs that a sweep could not write
 * anew, because they are in the tier. Thread-safe.
 */
final class NeededPacks {

    private final Map<Long, Integer> held = new ConcurrentHashMap<>();
    /** At most one pack for each stream: its next cut is decided when the one before is completed. */
    private final Map<StreamKey, Long> byCut = new ConcurrentHashMap<>();
    private volatile Set<Long> bySweep = Set.of();

    /** Keeps a pack in the log's directory until {@link #release}. */
    void hold(long number) {
        int unused = held.merge(number, 1, Integer::sum);
    }

    void release(long number) {
        Integer unused = held.computeIfPresent(number, (pack, holders) -> holders == 1 ? null : holders - 1);
    }

    /** Keeps a pack in the log's directory for the stream's cut until {@link #cutDone}, however often the cut is tried. */
    void byCut(StreamKey key, long number) {
        Long unused = byCut.put(key, number);
    }

    void cutDone(StreamKey key) {
        Long unused = byCut.remove(key);
    }

    /** What the last sweep could not write anew; replaces what the sweep before it couldn't. */
    void bySweep(Set<Long> numbers) {
        bySweep = Set.copyOf(numbers);
    }

    /** What the last sweep could not write anew. */
    Set<Long> bySweep() {
        return bySweep;
    }

    /** Whether a pack is to be in the log's directory. */
    boolean isNeeded(long number) {
        return bySweep.contains(number) || held.containsKey(number) || byCut.containsValue(number);
    }
}
