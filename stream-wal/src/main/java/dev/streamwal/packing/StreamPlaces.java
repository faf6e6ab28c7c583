package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.CatalogedKey;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.catalog.SharedCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedPart;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Where streams have something in packs and in shared segments, as far as that counts now. Thread-safe. */
public final class StreamPlaces {

    private final Supplier<Manifest> manifest;
    private final PackCatalog catalog;
    private final SharedCatalog shared;
    private final ChannelCache channels;
    private final StreamEnds ends;
    private final VoidedSegments voided;
    private volatile @Nullable Counted counted;

    /** @param ends knows the streams that aren't in memory */
    StreamPlaces(Supplier<Manifest> manifest, PackCatalog catalog, SharedCatalog shared, ChannelCache channels, StreamEnds ends) {
        this.manifest = manifest;
        this.catalog = catalog;
        this.shared = shared;
        this.channels = channels;
        this.ends = ends;
        this.voided = new VoidedSegments(catalog);
    }

    // ---------------------------------------------------------------- in packs

    /**
     * The number of segments in packs that count. Counted once for each state of the manifest. If packs can't be read, segments in them are included
     * that don't count any more; readers of these packs get the exception.
     */
    public long segments() {
        Manifest now = manifest.get();
        Counted known = counted;
        if (known == null || !known.of().equals(now)) {
            try {
                known = catalog.look(this::count);
            } catch (IOException | WalException e) {
                // looked for again at the next call
                return listedSegments(now);
            }
            counted = known;
        }
        return known.segments();
    }

    private record Counted(Manifest of, long segments) {}

    private Counted count(Manifest now) throws IOException {
        return new Counted(now, listedSegments(now) - voided.by(now).values().stream().mapToLong(VoidedSegments.Voided::segments).sum());
    }

    private static long listedSegments(Manifest now) {
        return now.packsInOrder().stream().mapToLong(ListedPack::segments).sum();
    }

    /** What of each pack doesn't count any more, by its number. */
    Map<Long, VoidedSegments.Voided> voided() throws IOException {
        return catalog.look(voided::by);
    }

    /** A segment in a pack. */
    public record Place(ListedPack pack, PackEntry entry) {}

    /** The stream's segments in packs, as far as they count, in order of position. */
    public List<Place> find(StreamKey key) throws IOException {
        return catalog.look(now -> find(key, now, null));
    }

    /**
     * As {@link #find(StreamKey)}, in packs that can be read.
     *
     * @param unreadable receives the others, in which there may be more
     */
    List<Place> findReadable(StreamKey key, List<ListedPack> unreadable) throws IOException {
        return catalog.look(now -> {
            unreadable.clear();
            return find(key, now, unreadable);
        });
    }

    /** @param unreadable null if it is to be thrown that a pack can't be read */
    private List<Place> find(StreamKey key, Manifest now, @Nullable List<ListedPack> unreadable) throws IOException {
        List<ListedPack> packs = now.packsInOrder();
        if (packs.isEmpty()) {
            // the catalogue isn't even looked for
            return List.of();
        }
        List<Place> places = new ArrayList<>();
        CatalogedKey cataloged = catalog.cataloged(key, now);
        for (ListedPack pack : packs) {
            if (!cataloged.covers(pack) || !cataloged.in(pack).isEmpty()) {
                for (PackEntry entry : entries(key, pack, unreadable)) {
                    if (!now.isVoid(key, entry.basePosition(), pack.number())) {
                        places.add(new Place(pack, entry));
                    }
                }
            }
        }
        places.sort((a, b) -> Long.compare(a.entry().basePosition(), b.entry().basePosition()));
        return places;
    }

    private List<PackEntry> entries(StreamKey key, ListedPack pack, @Nullable List<ListedPack> unreadable) throws IOException {
        try {
            return catalog.reader(pack).find(key);
        } catch (IOException | RuntimeException e) {
            if (unreadable == null || !PackFailure.isOfPack(e)) {
                throw e;
            }
            unreadable.add(pack);
            return List.of();
        }
    }

    // ---------------------------------------------------------------- in shared segments

    /** The shared segments that aren't packed, the oldest first. */
    List<Segment> sharedSegments() throws IOException {
        return shared.unpacked(manifest.get());
    }

    /** Whether a shared segment that isn't packed was begun at or before a time, epoch ms. */
    public boolean isSharedBegunBefore(long millis) throws IOException {
        for (Segment segment : sharedSegments()) {
            if (segment.header(channels).createdMillis() <= millis) {
                return true;
            }
        }
        return false;
    }

    /** Where the oldest shared segment begins that isn't packed; {@link Long#MAX_VALUE} if there is none. */
    long oldestSharedPosition() throws IOException {
        return shared.oldest(manifest.get());
    }

    /** The stream's parts in shared segments, in order of position. */
    public List<SharedPart> parts(StreamKey key) throws IOException {
        return shared.parts(key, manifest.get());
    }

    /** Tells where a stream's oldest part in the current shared segments begins: {@link Long#MAX_VALUE} if it has nothing in them. */
    public ToLongFunction<StreamKey> sharedBeginnings() throws IOException {
        List<SharedSegment> live = shared.published(null, manifest.get());
        return key -> live.stream().flatMap(segment -> counting(segment, key).stream()).mapToLong(SharedPart::basePosition).min()
                .orElse(Long.MAX_VALUE);
    }

    private List<SharedPart> counting(SharedSegment segment, StreamKey key) {
        manifest.get().voidRanges(key).forEach(range -> segment.cut(key, range.from(), range.to()));
        return segment.parts(key);
    }

    // ---------------------------------------------------------------- in either

    /**
     * Adds the keys of streams that have something in shared segments or packs. Shared segments are searched only for streams that aren't already
     * known to have something there.
     *
     * @param streams all streams with segments that were used since the log was opened
     */
    public void addKeys(List<StreamLog> streams, Set<String> keys) throws IOException {
        Manifest before = manifest.get();
        long firstShared = shared.oldest(before);
        Set<String> unknown = new HashSet<>();
        for (StreamLog stream : streams) {
            OptionalLong end = stream.sharedEnd();
            if (end.orElse(Long.MAX_VALUE) > firstShared) {
                boolean isThere = end.isPresent() && before.voidRanges(stream.key()).isEmpty();
                boolean unused = (isThere ? keys : unknown).add(stream.key().text());
            }
        }
        ends.addInheritedKeys(before, keys);
        unknown.removeAll(keys);
        if (!unknown.isEmpty()) {
            boolean unused = catalog.look(now -> {
                shared.addKeysOnce(now, unknown::contains, keys);
                return true;
            });
        }
        // after shared segments: their content is in packs before it leaves them
        catalog.addKeys(KeyScope.all(), keys);
    }

    /** Where the stream's data ended before the first of what it has in packs and shared segments between two positions; the second if it has nothing there. */
    long endBefore(StreamKey key, long base, long end) throws IOException {
        if (key.equals(StreamKey.SHARED)) {
            return end;
        }
        return catalog.look(now -> {
            NavigableMap<Long, Long> previousEnds = new TreeMap<>();
            for (SharedPart part : shared.parts(key, now)) {
                previousEnds.put(part.basePosition(), part.header(channels).previousEnd());
            }
            for (Place place : find(key, now, null)) {
                previousEnds.put(place.entry().basePosition(), place.entry().previousEnd());
            }
            Map.Entry<Long, Long> first = previousEnds.higherEntry(base);
            return first == null || first.getKey() >= end ? end : first.getValue();
        });
    }

    /** The part or segment that contains a position; empty if the stream has none. */
    Optional<PackedData.Held> holding(StreamKey key, long position) throws IOException {
        for (SharedPart part : parts(key)) {
            if (part.basePosition() <= position && position < part.endPosition()) {
                return Optional.of(new HeldPart(part.open(channels)));
            }
        }
        Optional<Place> place = at(key, position);
        return place.isPresent() ? Optional.of(new HeldSegment(catalog.reader(place.get().pack()), place.get().entry())) : Optional.empty();
    }

    /** The segment in a pack that contains a position. */
    Optional<Place> at(StreamKey key, long position) throws IOException {
        return find(key).stream().filter(place -> place.entry().basePosition() <= position && position < place.entry().endPosition()).findFirst();
    }

    /** Whether a stream has, or may have, anything between two positions in shared segments. */
    boolean isAnyShared(StreamKey key, long from, long to) throws IOException {
        try {
            return parts(key).stream().anyMatch(part -> part.endPosition() > from && part.basePosition() < to);
        } catch (CorruptSegmentException e) {
            // perhaps
            return true;
        }
    }
}
