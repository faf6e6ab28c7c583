package dev.streamwal.packing;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Packs that are to be in the log's directory: those that somebody is working on, and those that a sweep could not write anew, as they are in the tier.
 * Thread-safe.
 */
final class NeededPacks {

    private final Map<Long, Integer> held = new ConcurrentHashMap<>();
    private volatile Set<Long> bySweep = Set.of();

    /** Keeps a pack in the log's directory until {@link #release}. */
    void hold(long number) {
        int unused = held.merge(number, 1, Integer::sum);
    }

    void release(long number) {
        Integer unused = held.computeIfPresent(number, (pack, holders) -> holders == 1 ? null : holders - 1);
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
        return bySweep.contains(number) || held.containsKey(number);
    }
}
