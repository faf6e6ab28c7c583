package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Removes what many streams have in packs and shared segments below a position, by one change of the manifest: so many streams cost no more than one. If no
 * sweep runs, which takes packs away, too, the same change may remove packs of which all goes. Streams that have nothing else needn't be named in it then: the
 * manifest has room for a million ranges, and a log may have more streams. The caller holds a lock of {@link PackStore}. For one thread.
 */
public final class PackedRemoval {

    /** Tells segments of a pack apart. */
    private record Beginning(StreamKey key, long basePosition) {

        static Beginning of(PackEntry entry) {
            return new Beginning(entry.key(), entry.basePosition());
        }
    }

    private final PackStore store;
    private final boolean removesPacks;
    private final BiConsumer<StreamKey, StreamLog.Deleted> each;
    private final Map<StreamKey, Long> below = new LinkedHashMap<>();
    private final List<StreamPlaces.Place> going = new ArrayList<>();
    /** Streams of which something goes that is in shared segments. */
    private final Set<StreamKey> inShared = new HashSet<>();

    /**
     * Nothing is to be removed yet.
     *
     * @param removesPacks whether packs of which all goes are removed; no sweep runs then
     * @param each receives every segment that was removed from a pack, with the key of its stream
     */
    public PackedRemoval(PackStore store, boolean removesPacks, BiConsumer<StreamKey, StreamLog.Deleted> each) {
        this.store = store;
        this.removesPacks = removesPacks;
        this.each = each;
    }

    /**
     * Removes what begins below a position, together with the parts of other streams.
     *
     * @param oldest all that goes and is in packs
     * @param isAnyShared whether any of it is in shared segments
     */
    void putOff(StreamKey key, long position, List<StreamPlaces.Place> oldest, boolean isAnyShared) {
        below.put(key, position);
        going.addAll(oldest);
        if (isAnyShared) {
            inShared.add(key);
        }
    }

    /** Removes what was deferred; durably. */
    public void finish() throws IOException {
        if (!below.isEmpty()) {
            Set<ListedPack> whole = removesPacks ? whole() : Set.of();
            if (!whole.isEmpty()) {
                Set<StreamKey> inOthers = new HashSet<>(inShared);
                going.stream().filter(place -> !whole.contains(place.pack())).forEach(place -> inOthers.add(place.entry().key()));
                below.keySet().retainAll(inOthers);
            }
            store.forgetBelow(below, List.copyOf(whole));
            going.forEach(place -> each.accept(place.entry().key(), store.deleted(place)));
        }
    }

    /** Packs of which nothing that counts stays. */
    private Set<ListedPack> whole() {
        Map<ListedPack, Set<Beginning>> segments = new HashMap<>();
        going.forEach(place -> segments.computeIfAbsent(place.pack(), unused -> new HashSet<>()).add(Beginning.of(place.entry())));
        Set<ListedPack> whole = new HashSet<>();
        segments.forEach((pack, gone) -> {
            if (gone.size() == pack.segments() || (store.manifest().mayHaveVoids(pack.number()) && isAllThatCounts(pack, gone))) {
                whole.add(pack);
            }
        });
        return whole;
    }

    /**
     * Whether nothing else in a pack counts. Finding out takes a walk through the pack, so it is done only if at least half of the pack's segments
     * go; a pack of which little counts is written anew anyway. The segments are compared one by one, not counted: streams may be deleted meanwhile,
     * also those that are purged.
     */
    private boolean isAllThatCounts(ListedPack pack, Set<Beginning> gone) {
        if (gone.size() < pack.segments() / 2) {
            return false;
        }
        try {
            return !store.isAny(pack, entry -> store.counts(pack, entry) && !gone.contains(Beginning.of(entry)));
        } catch (WalClosedException e) {
            throw e;
        } catch (IOException | WalException e) {
            // what can't be read may count
            return false;
        }
    }
}
