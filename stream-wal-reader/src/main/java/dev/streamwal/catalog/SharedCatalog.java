package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedPart;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The shared segments of a log that aren't packed yet, and the streams' parts of them. Thread-safe. */
public final class SharedCatalog {

    private final SegmentCatalog files;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final SharedSegment.Voids voids;
    private final LongSupplier reserved;
    private final Map<Long, SharedSegment> known = new ConcurrentHashMap<>();

    /**
     * The shared segments of a log.
     *
     * @param streams of the log, among them the shared one
     * @param packs of the log; their manifest lists the void ranges
     * @param reserved the end position of the reserved space in the shared stream; 0 if it isn't known
     */
    public SharedCatalog(StreamDirectory streams, ChannelCache channels, FooterCache footers, PackCatalog packs, LongSupplier reserved) {
        this.files = new SegmentCatalog(StreamKey.SHARED, streams, channels, footers, PackCatalog.none(streams.path()), null);
        this.voids = (segment, key) -> cutLive(segment, key, packs.manifest());
        this.channels = channels;
        this.footers = footers;
        this.reserved = reserved;
    }

    private static void cutLive(SharedSegment segment, StreamKey key, Manifest manifest) throws IOException {
        // a scan that stands in the segment goes on in the pack
        cut(segment, manifest.voidRanges(key));
        if (!isLive(segment.file(), manifest)) {
            throw new NoSuchFileException(segment.file().toString(), null, "it is packed");
        }
    }

    private static void cut(SharedSegment segment, List<VoidRange> ranges) {
        ranges.forEach(range -> segment.cut(range.key(), range.from(), range.to()));
    }

    /**
     * The shared segments at one time.
     *
     * @param segments the oldest first
     * @param reserved the position up to which slots were reserved before the listing; 0 if it isn't known. All of these slots are in the listed
     *     segments
     */
    record Listing(List<SharedSegment> segments, long reserved) {

        static final Listing NOTHING = new Listing(List.of(), 0);
    }

    /**
     * Lists the shared segments. One thread at a time: an older listing would forget what a newer one has found.
     *
     * <p>A segment that was asked for one stream only has an index of that stream's records, which takes a fifth of the time, and hardly any memory: see
     * docs/decisions/0086. When it is asked for another one, it is walked again for all.
     *
     * @param stream whose records are wanted; null for all streams
     */
    synchronized Listing list(@Nullable StreamKey stream) throws IOException {
        long end = reserved.getAsLong();
        ListedSegments chain = files.refresh();
        List<SharedSegment> listed = new ArrayList<>(chain.size());
        Set<Long> bases = new HashSet<>();
        for (int i = 0; i < chain.size(); i++) {
            Segment file = chain.get(i);
            bases.add(file.basePosition());
            listed.add(known.compute(file.basePosition(), (base, before) -> {
                if (before == null || !before.file().file().equals(file.file())) {
                    return new SharedSegment(file, stream, channels, footers, voids);
                }
                return before.finds(stream) ? before : new SharedSegment(file, null, channels, footers, voids);
            }));
        }
        known.keySet().retainAll(bases);
        return new Listing(listed, end);
    }

    /**
     * The segments that aren't packed, walked as far as records were appended before the call. Stops at the first segment with an unpublished slot:
     * a stream's records in later segments are not shown before those that it may have in that slot, or after it.
     */
    List<SharedSegment> caughtUp(Listing listing, Manifest manifest) throws IOException {
        List<SharedSegment> listed = listing.segments();
        List<SharedSegment> live = new ArrayList<>(listed.size());
        boolean isWhole = true;
        for (int i = 0; i < listed.size() && isWhole; i++) {
            if (isLive(listed.get(i).file(), manifest)) {
                isWhole = catchUp(listing, i);
                live.add(listed.get(i));
            }
        }
        return live;
    }

    /** Whether the segment isn't packed. */
    private static boolean isLive(Segment segment, Manifest manifest) {
        return segment.basePosition() >= manifest.sharedBelow();
    }

    /**
     * Walks a segment up to where slots were reserved; an older segment up to where its successor says that it ended.
     *
     * @return whether the walk reached that position
     */
    private boolean catchUp(Listing listing, int index) throws IOException {
        List<SharedSegment> listed = listing.segments();
        boolean isNewest = index == listed.size() - 1;
        if (isNewest) {
            listed.get(index).catchUp(listing.reserved());
            return true;
        }
        long end = listed.get(index + 1).previousEnd();
        listed.get(index).catchUp(listing.reserved() == 0 ? 0 : end);
        return listed.get(index).isWalkedTo(end);
    }

    /** The segments that aren't packed, the oldest first, whether or not they have been walked. */
    public List<Segment> unpacked(Manifest manifest) throws IOException {
        ListedSegments chain = files.refresh();
        List<Segment> unpacked = new ArrayList<>(chain.size());
        for (int i = 0; i < chain.size(); i++) {
            if (isLive(chain.get(i), manifest)) {
                unpacked.add(chain.get(i));
            }
        }
        return unpacked;
    }

    /** Where the oldest segment that isn't packed begins; {@link Long#MAX_VALUE} if there is none. */
    public long oldest(Manifest manifest) throws IOException {
        List<Segment> unpacked = unpacked(manifest);
        return unpacked.isEmpty() ? Long.MAX_VALUE : unpacked.get(0).basePosition();
    }

    /**
     * The segments that aren't packed, walked to their ends.
     *
     * @param stream as for {@link #list}
     */
    List<SharedSegment> all(@Nullable StreamKey stream, Manifest manifest) throws IOException {
        return caughtUp(list(stream), manifest);
    }

    /** As {@link #addKeys}, but keeps no segment for later calls. */
    public void addKeysOnce(Manifest manifest, Predicate<String> filter, Collection<String> keys) throws IOException {
        Listing listing = list(null);
        List<SharedSegment> listed = listing.segments();
        forget();
        for (int i = 0; i < listed.size(); i++) {
            if (isLive(listed.get(i).file(), manifest)) {
                boolean unused = catchUp(listing, i);
                cut(listed.get(i), manifest.voidRanges());
                listed.get(i).addKeys(filter, keys);
            }
            // a walked segment isn't kept: there may be many
            listed.set(i, null);
        }
    }

    public void forget() {
        known.clear();
    }

    /** The stream's parts of the segments that aren't packed, in the order in which they were appended. */
    public List<SharedPart> parts(StreamKey key, Manifest manifest) throws IOException {
        List<SharedPart> parts = new ArrayList<>();
        List<SharedSegment> live = all(key, manifest);
        join(key, live, manifest);
        for (SharedSegment each : live) {
            parts.addAll(each.parts(key));
        }
        return parts;
    }

    /** Adds the stream's parts of the segments that aren't packed, and a part for each damage in these. */
    void addParts(StreamKey key, List<SharedSegment> live, Manifest manifest, Collection<Segment> parts) {
        if (key.equals(StreamKey.SHARED)) {
            // it has these segments in its own folder, and tells of their damage when they are read
            return;
        }
        join(key, live, manifest);
        for (SharedSegment each : live) {
            parts.addAll(each.parts(key));
            // its window is the writer's, of ten years, and says nothing about its records' times
            each.damage().ifPresent(why -> parts.add(new UnreadableFile(key, each.file().name().expirationMillis(), each.file().file(), null, why)));
        }
    }

    /** Cuts a stream's void ranges from the segments that aren't packed. In each segment, the stream goes on where it ended in the segments before. */
    private static void join(StreamKey key, List<SharedSegment> live, Manifest manifest) {
        long end = -1;
        boolean isHoled = false;
        for (SharedSegment each : live) {
            cut(each, manifest.voidRanges(key));
            if (end >= 0 && (isHoled || each.isBehindHole(key))) {
                // as within one segment: the records left out before it don't count as missing
                each.join(key, end);
            }
            end = Math.max(end, each.end(key));
            isHoled |= each.isHoled();
        }
    }

    /** As {@link #all}, without waiting for slots that aren't published. */
    public List<SharedSegment> published(@Nullable StreamKey stream, Manifest manifest) throws IOException {
        return caughtUp(new Listing(list(stream).segments(), 0), manifest);
    }

    /** The position where a stream's records that count in a segment end, as far as that has been walked; -1 if it has none. */
    public static long end(SharedSegment segment, StreamKey key, Manifest manifest) {
        cut(segment, manifest.voidRanges(key));
        return segment.end(key);
    }

    /** Adds the keys of streams that have records in segments that aren't packed. */
    public void addKeys(Manifest manifest, Predicate<String> filter, Collection<String> keys) throws IOException {
        for (SharedSegment each : all(null, manifest)) {
            cut(each, manifest.voidRanges());
            each.addKeys(filter, keys);
        }
    }
}
