package dev.streamwal.simulation;

import dev.streamwal.simulation.LogUnderTest.Found;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What logs on the disks that one run left have been found to be, by the disks' content: a log is without threads and without chance, so the same bytes
 * give the same log to the same boot at the same time. An encrypted one draws numbers. Not thread-safe.
 */
final class Explored {

    /** All that what is left, and what becomes of it, depends on. */
    record State(ContentHash.Value content, Ending ending, String bootId, Instant clock) {}

    /** A state that comes of another: of a crash in its recovery, or of a file that is shortened. */
    private record Derived(State from, Object how) {}

    private record Opening(ContentHash.Value content, String bootId, Instant clock) {}

    private final boolean isRepeatable;
    private final Map<State, CrashCheck.Recovered> recovered = new HashMap<>();
    private final Map<Opening, ContentHash.Value> found = new HashMap<>();
    private final Set<Object> distinct = new HashSet<>();
    private long repeated;

    Explored(Workload workload) {
        this.isRepeatable = !workload.encrypted();
    }

    /** What a state with this content gave; null where that isn't known, or may be another thing each time. */
    CrashCheck.Recovered recovered(State state) {
        return isRepeatable ? recovered.get(state) : null;
    }

    void add(State state, CrashCheck.Recovered what) {
        recovered.put(state, what);
        count(state);
    }

    void addDerived(State from, Object how) {
        count(new Derived(from, how));
    }

    private void count(Object state) {
        if (!distinct.add(state)) {
            repeated++;
        }
    }

    void repeat() {
        repeated++;
    }

    /** How many different states were explored. */
    int distinct() {
        return distinct.size();
    }

    /** How often a state was met again. */
    long repeated() {
        return repeated;
    }

    /** Whether a log on such a disk was opened before, and had these records. */
    boolean isFound(ContentHash.Value content, String bootId, Instant clock, Map<String, List<Found>> expected) {
        ContentHash.Value before = isRepeatable ? found.get(new Opening(content, bootId, clock)) : null;
        return before != null && before.equals(hash(expected));
    }

    void addFound(ContentHash.Value content, String bootId, Instant clock, Map<String, List<Found>> records) {
        found.put(new Opening(content, bootId, clock), hash(records));
    }

    private static ContentHash.Value hash(Map<String, List<Found>> streams) {
        ContentHash hash = new ContentHash();
        streams.forEach((key, records) -> {
            hash.add(key);
            hash.add(records.size());
            for (Found record : records) {
                hash.add(record.position());
                hash.add(record.end());
                hash.addBytes(record.content());
            }
        });
        return hash.value();
    }

    /** What was well may be looked at again. */
    void forget() {
        recovered.clear();
        found.clear();
    }
}
