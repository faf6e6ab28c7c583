package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.shared.SharedPart;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** A stream's parts in packs, as its writer changes them. The caller holds a lock of {@link PackStore}. */
public final class PackedStream {

    private final PackStore store;
    private final StreamLog stream;
    private final Consumer<StreamLog.Deleted> eachGone;

    /** @param eachGone receives every deleted segment, in packs and of the stream's own */
    public PackedStream(PackStore store, StreamLog stream, Consumer<StreamLog.Deleted> eachGone) {
        this.store = store;
        this.stream = stream;
        this.eachGone = eachGone;
    }

    private StreamKey key() {
        return stream.key();
    }

    /**
     * Removes all of the stream from packs and shared segments, and its own segments that stand before that; durably. Own segments that can't be read
     * stay; they can still be deleted after this. A crash in between leaves a stream that is refused as before, and then this does nothing.
     *
     * @return whether there was anything
     */
    public boolean delete() throws IOException {
        List<StreamPlaces.Place> places;
        NavigableMap<Long, Long> elsewhere;
        try {
            places = store.places.find(key());
            elsewhere = windowEnds(places);
        } catch (CorruptSegmentException e) {
            // the content of a damaged pack isn't known, but it goes all the same; what is appended from here on stands behind it
            forgetBelow(stream.endPart(), List.of());
            return true;
        }
        if (elsewhere.isEmpty()) {
            return false;
        }
        long end;
        try {
            // records that are appended meanwhile stay, and so do those after a failure that leaves open whether the manifest has the deletion
            end = stream.endPart();
            NavigableMap<Long, Long> unused = stream.windowEnds();
        } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) {
            // a cut that is left goes with the stream, for example one for whose remaining part the disk has no room
            if (e instanceof WalIOException && !store.cutsLeft.isLeft(key())) {
                throw e;
            }
            forgetBelow(endOf(places), places);
            return true;
        }
        end = Math.max(end, elsewhere.lastKey() + 1);
        remove(end, end, Long.MAX_VALUE, elsewhere, places);
        return true;
    }

    /** Where the last of what the stream has in packs and shared segments ends. */
    private long endOf(List<StreamPlaces.Place> places) throws IOException {
        long inPacks = places.stream().mapToLong(place -> place.entry().endPosition()).max().orElse(0);
        return Math.max(inPacks, store.places.parts(key()).stream().mapToLong(SharedPart::endPosition).max().orElse(0));
    }

    /**
     * Removes the oldest segments whose windows end at or before a time, wherever they stand; durably, except for what is deferred.
     *
     * @param purge takes over the removal if none of the stream's own segments is deleted
     */
    void purge(long beforeMillis, PackedPurge purge) throws IOException {
        // first: what is appended from here on isn't among what is looked at, and stays
        long end = stream.endPosition();
        List<StreamPlaces.Place> places = store.places.find(key());
        NavigableMap<Long, Long> elsewhere = windowEnds(places);
        if (elsewhere.isEmpty()) {
            stream.purge(beforeMillis, Long.MAX_VALUE, eachGone);
            return;
        }
        NavigableMap<Long, Long> all = stream.windowEnds();
        long oldestOwn = all.isEmpty() ? Long.MAX_VALUE : all.firstKey();
        elsewhere.forEach(all::putIfAbsent);
        List<SharedPart> parts = store.places.parts(key());
        boolean isNewestShared = !parts.isEmpty() && parts.get(parts.size() - 1).basePosition() == all.lastKey();
        long below = firstThatStays(all, beforeMillis, !isNewestShared);
        if (oldestOwn < below) {
            remove(below, end, beforeMillis, elsewhere, places);
        } else if (elsewhere.firstKey() < below) {
            stream.forceDeletions();
            long to = Math.min(below, Math.max(elsewhere.lastKey() + 1, end));
            purge.putOff(key(), to, places.stream().filter(place -> place.entry().basePosition() < to).toList(),
                    parts.stream().anyMatch(part -> part.basePosition() < to));
        }
    }

    /** The window ends of what isn't in the stream's own segments, by base position. */
    private NavigableMap<Long, Long> windowEnds(List<StreamPlaces.Place> places) throws IOException {
        NavigableMap<Long, Long> ends = new TreeMap<>();
        places.forEach(place -> ends.put(place.entry().basePosition(), place.pack().window().endMillis()));
        for (SharedPart part : store.places.parts(key())) {
            ends.put(part.basePosition(), part.window().endMillis());
        }
        return ends;
    }

    /** The last part stays if it is in a shared segment, which may be appended to. */
    private static long firstThatStays(NavigableMap<Long, Long> windowEnds, long beforeMillis, boolean mayLastGo) {
        for (Map.Entry<Long, Long> each : windowEnds.entrySet()) {
            boolean isLast = each.getKey().equals(windowEnds.lastKey());
            if (each.getValue() > beforeMillis || (isLast && !mayLastGo)) {
                return each.getKey();
            }
        }
        return Long.MAX_VALUE;
    }

    /**
     * Removes what begins below a position, the oldest first, wherever it stands: at no moment is anything but the beginning missing.
     *
     * @param streamEnd where the stream ended before it was looked at: what is in packs and shared segments from there on stays
     */
    private void remove(
            long below,
            long streamEnd,
            long beforeMillis,
            NavigableMap<Long, Long> elsewhere,
            List<StreamPlaces.Place> places)
            throws IOException {
        NavigableMap<Long, Long> own = stream.windowEnds();
        long done = 0;
        while (!elsewhere.tailMap(done, true).isEmpty() && elsewhere.ceilingKey(done) < below) {
            long from = elsewhere.ceilingKey(done);
            stream.purge(beforeMillis, from, eachGone);
            Long nextOwn = own.higherKey(from);
            long to = Math.min(nextOwn == null ? Long.MAX_VALUE : nextOwn, below);
            to = Math.min(to, Math.max(elsewhere.lastKey() + 1, streamEnd));
            long end = to;
            forgetBelow(end, places.stream().filter(place -> place.entry().basePosition() >= from && place.entry().basePosition() < end).toList());
            done = end;
        }
        if (beforeMillis < Long.MAX_VALUE) {
            stream.purge(beforeMillis, below, eachGone);
        }
    }

    private void forgetBelow(long position, List<StreamPlaces.Place> oldest) throws IOException {
        stream.forceDeletions();
        store.forget(key(), 0, position);
        oldest.forEach(place -> eachGone.accept(store.deleted(place)));
    }
}
