package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.shared.SharedPart;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What a stream has in packs, as its writer changes it. With a lock of {@link PackStore}. */
public final class PackedStream {

    private final PackStore store;
    private final StreamLog stream;

    public PackedStream(PackStore store, StreamLog stream) {
        this.store = store;
        this.stream = stream;
    }

    private StreamKey key() {
        return stream.key();
    }

    /**
     * Nothing of the stream counts any more in packs and shared segments, and what it has before that in segments of its own goes; durably.
     *
     * @param each is told of every segment in a pack that is gone
     * @param eachOwn is told of every segment of the stream's own that is gone
     * @return whether there was anything
     */
    public boolean delete(BiConsumer<ListedPack, PackEntry> each, Consumer<StreamLog.Deleted> eachOwn) throws IOException {
        List<PackStore.Place> places = places();
        NavigableMap<Long, Long> elsewhere = windowEnds(places);
        if (elsewhere.isEmpty()) {
            return false;
        }
        // what is appended meanwhile stays
        remove(Math.max(stream.endPosition(), elsewhere.lastKey() + 1), Long.MAX_VALUE, elsewhere, places, each, eachOwn);
        return true;
    }

    /**
     * The oldest segments whose windows end at or before a time go, wherever they stand; durably, but for what is put off.
     *
     * @param purge takes what goes where no segment of the stream's own does
     * @param each is told of every segment in a pack that is gone
     * @param eachOwn is told of every segment of the stream's own that is gone
     */
    void purge(long beforeMillis, PackedPurge purge, BiConsumer<ListedPack, PackEntry> each, Consumer<StreamLog.Deleted> eachOwn)
            throws IOException {
        List<PackStore.Place> places = places();
        NavigableMap<Long, Long> elsewhere = windowEnds(places);
        if (elsewhere.isEmpty()) {
            stream.purge(beforeMillis, Long.MAX_VALUE, eachOwn);
            return;
        }
        NavigableMap<Long, Long> all = stream.windowEnds();
        long oldestOwn = all.isEmpty() ? Long.MAX_VALUE : all.firstKey();
        elsewhere.forEach(all::putIfAbsent);
        List<SharedPart> parts = store.parts(key());
        boolean isNewestShared = !parts.isEmpty() && parts.get(parts.size() - 1).basePosition() == all.lastKey();
        long below = firstThatStays(all, beforeMillis, !isNewestShared);
        if (oldestOwn < below) {
            remove(below, beforeMillis, elsewhere, places, each, eachOwn);
        } else if (elsewhere.firstKey() < below) {
            // a file that was packed may come back from a power loss, until its directory is forced
            stream.forceDeletions();
            long end = Math.min(below, Math.max(elsewhere.lastKey() + 1, stream.endPosition()));
            purge.putOff(key(), end, places.stream().filter(place -> place.entry().basePosition() < end).toList());
        }
    }

    /** Where windows end of what isn't in segments of the stream's own, by base position. */
    private NavigableMap<Long, Long> windowEnds(List<PackStore.Place> places) throws IOException {
        NavigableMap<Long, Long> ends = new TreeMap<>();
        places.forEach(place -> ends.put(place.entry().basePosition(), place.pack().window().endMillis()));
        for (SharedPart part : store.parts(key())) {
            ends.put(part.basePosition(), part.window().endMillis());
        }
        return ends;
    }

    /** The last one stays, where it is in a shared segment: it may be appended to. */
    private static long firstThatStays(NavigableMap<Long, Long> windowEnds, long beforeMillis, boolean mayLastGo) {
        for (Map.Entry<Long, Long> each : windowEnds.entrySet()) {
            boolean isLast = each.getKey().equals(windowEnds.lastKey());
            if (each.getValue() > beforeMillis || (isLast && !mayLastGo)) {
                return each.getKey();
            }
        }
        return Long.MAX_VALUE;
    }

    /** Removes what begins below a position, the oldest first, wherever it stands: at no moment anything is missing but the beginning. */
    private void remove(
            long below,
            long beforeMillis,
            NavigableMap<Long, Long> elsewhere,
            List<PackStore.Place> places,
            BiConsumer<ListedPack, PackEntry> each,
            Consumer<StreamLog.Deleted> eachOwn)
            throws IOException {
        NavigableMap<Long, Long> own = stream.windowEnds();
        long done = 0;
        while (!elsewhere.tailMap(done, true).isEmpty() && elsewhere.ceilingKey(done) < below) {
            long from = elsewhere.ceilingKey(done);
            stream.purge(beforeMillis, from, eachOwn);
            Long nextOwn = own.higherKey(from);
            long to = Math.min(nextOwn == null ? Long.MAX_VALUE : nextOwn, below);
            to = Math.min(to, Math.max(elsewhere.lastKey() + 1, stream.endPosition()));
            long end = to;
            forgetBelow(end, places.stream().filter(place -> place.entry().basePosition() >= from && place.entry().basePosition() < end).toList(),
                    each);
            done = end;
        }
        if (beforeMillis < Long.MAX_VALUE) {
            stream.purge(beforeMillis, below, eachOwn);
        }
    }

    private List<PackStore.Place> places() throws IOException {
        return store.isEmpty() ? List.of() : store.find(key());
    }

    private void forgetBelow(long position, List<PackStore.Place> oldest, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        // a file that was packed may come back from a power loss, until its directory is forced
        stream.forceDeletions();
        store.forget(key(), 0, position);
        oldest.forEach(place -> each.accept(place.pack(), place.entry()));
    }
}
