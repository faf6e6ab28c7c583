package dev.streamwal.packing;

import dev.streamwal.format.StreamKey;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Packs that are to be in the log's directory: packs that a thread is working on; packs of streams with a cut that failed half way; packs that a sweep could
 * not write anew because they are in the tier; and one that is to be written anew so that the list of deletions stays short. Thread-safe.
 */
final class NeededPacks {

    private final Map<Long, Integer> held = new ConcurrentHashMap<>();
    /** Streams, and not packs: what a cut needs may be in another pack before the cut is completed, because packs are merged and written anew. */
    private final Set<StreamKey> byCut = ConcurrentHashMap.newKeySet();
    private volatile Set<Long> bySweep = Set.of();
    private volatile OptionalLong byDeletions = OptionalLong.empty();

    /** Keeps a pack in the log's directory until {@link #release}. */
    void hold(long number) {
        int unused = held.merge(number, 1, Integer::sum);
    }

    void release(long number) {
        Integer unused = held.computeIfPresent(number, (pack, holders) -> holders == 1 ? null : holders - 1);
    }

    /** Keeps the packs of a stream in the log's directory for its cut until {@link #cutDone}, however often the cut is tried. */
    void byCut(StreamKey key) {
        boolean unused = byCut.add(key);
    }

    void cutDone(StreamKey key) {
        boolean unused = byCut.remove(key);
    }

    /** The streams whose packs are needed by a cut. */
    Set<StreamKey> byCut() {
        return byCut;
    }

    /** The packs that the last sweep could not write anew; they replace those of the sweep before it. */
    void bySweep(Set<Long> numbers) {
        bySweep = Set.copyOf(numbers);
    }

    /** The pack that is to be written anew next, so that deletions needn't be listed any more; it replaces the one given before. */
    void byDeletions(OptionalLong number) {
        byDeletions = number;
    }

    /** Whether a pack is to be fetched from the tier although no caller waits for it. */
    boolean isToBeFetched(long number) {
        return bySweep.contains(number) || isByDeletions(number);
    }

    private boolean isByDeletions(long number) {
        OptionalLong one = byDeletions;
        return one.isPresent() && one.getAsLong() == number;
    }

    /** Whether a pack is to be in the log's directory, for another reason than a cut. */
    boolean isNeeded(long number) {
        return isToBeFetched(number) || held.containsKey(number);
    }
}
