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
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The beginning of a stream, or all of it, that is to be removed. Parts of it may stand in packs and shared segments, and own segments before, between
 * and behind them. They go in the order of their positions, so that at no moment is anything but the beginning missing: in turn the own segments before the
 * next part elsewhere, and what is elsewhere before the next own segment. {@link StreamRemovals} does so for many streams at a time. For one thread,
 * which holds a lock of {@link PackStore}.
 */
final class StreamBeginning {

    final StreamLog stream;
    private final long beforeMillis;
    /** Everything that begins below goes. */
    private final long below;
    /** Where the stream ended before it was looked at: what is in packs and shared segments from there on stays. */
    private final long streamEnd;
    /** By base position; what isn't in own segments. */
    private final NavigableMap<Long, Long> elsewhere;
    private final NavigableMap<Long, Long> own;
    private final List<StreamPlaces.Place> places;
    private final List<SharedPart> parts;
    private long done;
    private boolean isRefused;

    private StreamBeginning(StreamLog stream, long beforeMillis, long below, long streamEnd, NavigableMap<Long, Long> elsewhere, NavigableMap<Long, Long> own,
            List<StreamPlaces.Place> places, List<SharedPart> parts) {
        this.stream = stream;
        this.beforeMillis = beforeMillis;
        this.below = below;
        this.streamEnd = streamEnd;
        this.elsewhere = elsewhere;
        this.own = own;
        this.places = places;
        this.parts = parts;
    }

    // ---------------------------------------------------------------- what goes

    /**
     * All of a stream, but what is appended from now on. Own segments that can't be read stay until what is elsewhere has gone; they can still be deleted
     * after that. A crash in between leaves a stream that is refused as before, and then nothing is found elsewhere.
     */
    static StreamBeginning all(PackStore store, StreamLog stream) throws IOException {
        List<StreamPlaces.Place> places;
        List<SharedPart> parts;
        // before all other looks: an own segment that is begun later stays, because records before it, in shared segments, may stay
        long ownEnd = stream.newestPosition() + 1;
        try {
            places = store.places.find(stream.key());
            parts = store.places.parts(stream.key());
        } catch (CorruptSegmentException e) {
            // the content of a damaged pack isn't known, but it goes all the same; what is appended from here on stands behind it
            return elsewhereBelow(stream, stream.endPart(), ownEnd, List.of());
        }
        NavigableMap<Long, Long> elsewhere = windowEnds(places, parts);
        if (elsewhere.isEmpty()) {
            return new StreamBeginning(stream, Long.MAX_VALUE, ownEnd, 0, elsewhere, new TreeMap<>(), places, parts);
        }
        try {
            // records that are appended meanwhile stay, and so do those after a failure that leaves open whether the manifest has the deletion
            long end = Math.max(stream.endPart(), elsewhere.lastKey() + 1);
            return new StreamBeginning(stream, Long.MAX_VALUE, Math.max(ownEnd, end), end, elsewhere, stream.windowEnds(), places, parts);
        } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) {
            // a cut that is left goes with the stream, for example one for whose remaining part the disk has no room
            if (e instanceof WalIOException && !store.cutsLeft.isLeft(stream.key())) {
                throw e;
            }
            long inPacks = places.stream().mapToLong(place -> place.entry().endPosition()).max().orElse(0);
            return elsewhereBelow(stream, Math.max(inPacks, parts.stream().mapToLong(SharedPart::endPosition).max().orElse(0)), ownEnd, places);
        }
    }

    private static StreamBeginning elsewhereBelow(StreamLog stream, long position, long ownEnd, List<StreamPlaces.Place> places) {
        long below = Math.max(ownEnd, Math.max(1, position));
        return new StreamBeginning(stream, Long.MAX_VALUE, below, position, new TreeMap<>(Map.of(0L, 0L)), new TreeMap<>(), places, List.of());
    }

    /** The oldest segments whose windows end at or before a time. */
    static StreamBeginning before(long beforeMillis, PackStore store, StreamLog stream) throws IOException {
        // first: what is appended from here on isn't among what is looked at, and stays
        long end = stream.endPosition();
        List<StreamPlaces.Place> places = store.places.find(stream.key());
        List<SharedPart> parts = store.places.parts(stream.key());
        NavigableMap<Long, Long> elsewhere = windowEnds(places, parts);
        if (elsewhere.isEmpty()) {
            return new StreamBeginning(stream, beforeMillis, Long.MAX_VALUE, end, elsewhere, new TreeMap<>(), places, parts);
        }
        NavigableMap<Long, Long> own = stream.windowEnds();
        NavigableMap<Long, Long> all = new TreeMap<>(elsewhere);
        all.putAll(own);
        boolean isNewestShared = !parts.isEmpty() && parts.get(parts.size() - 1).basePosition() == all.lastKey();
        return new StreamBeginning(stream, beforeMillis, firstThatStays(all, beforeMillis, !isNewestShared), end, elsewhere, own, places, parts);
    }

    /** The window ends of what isn't in the stream's own segments, by base position. */
    private static NavigableMap<Long, Long> windowEnds(List<StreamPlaces.Place> places, List<SharedPart> parts) {
        NavigableMap<Long, Long> ends = new TreeMap<>();
        places.forEach(place -> ends.put(place.entry().basePosition(), place.pack().window().endMillis()));
        parts.forEach(part -> ends.put(part.basePosition(), part.window().endMillis()));
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

    // ---------------------------------------------------------------- step by step

    StreamKey key() {
        return stream.key();
    }

    /** Whether anything in packs or shared segments is still to go. */
    boolean isAnyElsewhere() {
        return !isRefused && !elsewhere.tailMap(done, true).isEmpty() && elsewhere.ceilingKey(done) < below;
    }

    /** Whether own segments go, too, as far as it has been looked. */
    boolean isAnyOwn() {
        return elsewhere.isEmpty() || own.lowerKey(below) != null;
    }

    /** Decides to delete the own segments that stand before what goes next elsewhere. */
    OptionalLong condemnBeforeNext() throws IOException {
        return condemnOwn(elsewhere.ceilingKey(done));
    }

    /** Decides to delete the own segments that are left when nothing is elsewhere. */
    OptionalLong condemnRest() throws IOException {
        return condemnOwn(below);
    }

    /** Decides to delete all own segments that there were. */
    OptionalLong condemnAll() throws IOException {
        return stream.condemnAll(below);
    }

    private OptionalLong condemnOwn(long position) throws IOException {
        return elsewhere.isEmpty() || own.lowerKey(position) != null ? stream.condemnBefore(beforeMillis, position) : OptionalLong.empty();
    }

    /** Removes, together with parts of other streams, what is elsewhere before the next own segment. */
    void putOffNext(PackedRemoval removal) {
        long from = elsewhere.ceilingKey(done);
        Long nextOwn = own.higherKey(from);
        long to = Math.min(Math.min(nextOwn == null ? Long.MAX_VALUE : nextOwn, below), Math.max(elsewhere.lastKey() + 1, streamEnd));
        removal.putOff(key(), to, places.stream().filter(place -> place.entry().basePosition() >= from && place.entry().basePosition() < to).toList(),
                parts.stream().anyMatch(part -> part.basePosition() >= from && part.basePosition() < to));
        done = to;
    }

    /** Nothing more of it is removed. */
    void refuse() {
        isRefused = true;
    }

    boolean isRefused() {
        return isRefused;
    }
}
