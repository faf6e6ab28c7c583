package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedPart;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** The shared segments of a log that aren't packed yet, and what streams have in them. Thread-safe. */
public final class SharedCatalog {

    private final SegmentCatalog files;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final SharedSegment.Voids voids;
    private final Segment.Moves moves;
    private final LongSupplier reserved;
    private final Map<Long, SharedSegment> known = new ConcurrentHashMap<>();

    /**
     * Of a log.
     *
     * @param streams of the log, among them the shared one
     * @param packs of the log, whose manifest says what doesn't count
     * @param moves where a part is whose shared segment is gone
     * @param reserved the position where what is reserved in the shared stream ends, where that is known; else 0
     */
    public SharedCatalog(StreamDirectory streams, ChannelCache channels, FooterCache footers, PackCatalog packs, Segment.Moves moves,
            LongSupplier reserved) {
        this.files = new SegmentCatalog(StreamKey.SHARED, () -> streams.of(StreamKey.SHARED), channels, footers,
                PackCatalog.none(streams.path()), null);
        this.voids = (segment, key) -> cut(segment, packs.manifest().voidRanges(key));
        this.channels = channels;
        this.footers = footers;
        this.moves = moves;
        this.reserved = reserved;
    }

    private static void cut(SharedSegment segment, List<VoidRange> ranges) {
        ranges.forEach(range -> segment.cut(range.key(), range.from(), range.to()));
    }

    /**
     * Those that there are at some time.
     *
     * @param segments the oldest first
     * @param reserved the position up to which slots were reserved before that, where that is known; else 0: nothing that isn't listed has any of
     *     these
     */
    record Listing(List<SharedSegment> segments, long reserved) {

        static final Listing NOTHING = new Listing(List.of(), 0);
    }

    /** Those that there are now. */
    Listing list() throws IOException {
        long end = reserved.getAsLong();
        SegmentChain chain = files.refresh();
        List<SharedSegment> listed = new ArrayList<>(chain.size());
        Set<Long> bases = new HashSet<>();
        for (int i = 0; i < chain.size(); i++) {
            Segment file = chain.get(i);
            bases.add(file.basePosition());
            listed.add(known.compute(file.basePosition(), (base, before) -> before != null && before.file().file().equals(file.file()) ? before
                    : new SharedSegment(file, channels, footers, voids, moves)));
        }
        known.keySet().retainAll(bases);
        return new Listing(listed, end);
    }

    /**
     * Those that aren't packed, walked as far as anything was appended before the call; up to the first that hasn't all that was appended to it,
     * as a slot isn't published: what a stream has behind that isn't shown before what it may have in the slot, or in what follows it there.
     */
    private List<SharedSegment> caughtUp(Listing listing, Manifest manifest) throws IOException {
        List<SharedSegment> listed = listing.segments();
        List<SharedSegment> live = new ArrayList<>(listed.size());
        boolean isWhole = true;
        for (int i = 0; i < listed.size() && isWhole; i++) {
            if (isLive(listed.get(i), manifest)) {
                isWhole = catchUp(listing, i);
                live.add(listed.get(i));
            }
        }
        return live;
    }

    /** Whether what stands in it isn't in packs. */
    private static boolean isLive(SharedSegment segment, Manifest manifest) {
        return segment.file().basePosition() >= manifest.sharedBelow();
    }

    /**
     * Up to where slots were reserved: of an older one the next one says where that is.
     *
     * @return whether it has come there
     */
    private boolean catchUp(Listing listing, int index) throws IOException {
        List<SharedSegment> listed = listing.segments();
        boolean isNewest = index == listed.size() - 1;
        if (isNewest) {
            listed.get(index).catchUp(listing.reserved());
            return true;
        }
        long end = previousEnd(listed.get(index + 1));
        listed.get(index).catchUp(listing.reserved() == 0 ? 0 : end);
        return listed.get(index).isWalkedTo(end);
    }

    /** Where the one before it ends; 0 where that can't be read. */
    private long previousEnd(SharedSegment next) throws IOException {
        try {
            return next.file().header(channels).previousEnd();
        } catch (CorruptSegmentException e) {
            return 0;
        }
    }

    /** The oldest one that isn't packed, with what counts in it, if nothing comes to it any more. */
    public Optional<SharedSegment> oldestComplete(Manifest manifest) throws IOException {
        for (SharedSegment each : list().segments()) {
            if (isLive(each, manifest)) {
                each.catchUp(0);
                cut(each, manifest.voidRanges());
                return each.isComplete() ? Optional.of(each) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** Where the oldest begins that isn't packed; {@link Long#MAX_VALUE} where there is none. */
    public long oldest(Manifest manifest) throws IOException {
        return list().segments().stream().filter(each -> isLive(each, manifest)).mapToLong(each -> each.file().basePosition()).min()
                .orElse(Long.MAX_VALUE);
    }

    /** Those that there are now, walked to their ends. */
    public List<SharedSegment> all(Manifest manifest) throws IOException {
        return caughtUp(list(), manifest);
    }

    /** As {@link #addKeys}, for who keeps nothing of them. */
    public void addKeysOnce(Manifest manifest, Predicate<String> filter, Collection<String> keys) throws IOException {
        Listing listing = list();
        List<SharedSegment> listed = listing.segments();
        forget();
        for (int i = 0; i < listed.size(); i++) {
            if (isLive(listed.get(i), manifest)) {
                boolean unused = catchUp(listing, i);
                cut(listed.get(i), manifest.voidRanges());
                listed.get(i).addKeys(filter, keys);
            }
            // what was walked isn't kept: there may be many
            listed.set(i, null);
        }
    }

    /** Forgets what it knows of them. */
    public void forget() {
        known.clear();
    }

    /** What a stream has in those that aren't packed, in the order in which it was appended. */
    public List<SharedPart> parts(StreamKey key, Manifest manifest) throws IOException {
        List<SharedPart> parts = new ArrayList<>();
        for (SharedSegment each : joined(key, list(), manifest)) {
            parts.addAll(each.parts(key));
        }
        return parts;
    }

    /** Adds what a stream has in those that aren't packed, and what of them can't be read. */
    void addParts(StreamKey key, Listing listed, Manifest manifest, Collection<Segment> parts) throws IOException {
        for (SharedSegment each : joined(key, listed, manifest)) {
            parts.addAll(each.parts(key));
            each.damage().ifPresent(why -> parts.add(new UnreadableFile(key, each.file().name().expirationMillis(), each.file().file(), why)));
        }
    }

    /** Those that aren't packed, with what counts of a stream, which goes on in one where it ended in those before. */
    private List<SharedSegment> joined(StreamKey key, Listing listed, Manifest manifest) throws IOException {
        long end = -1;
        boolean isHoled = false;
        List<SharedSegment> live = caughtUp(listed, manifest);
        for (SharedSegment each : live) {
            cut(each, manifest.voidRanges(key));
            if (end >= 0 && (isHoled || each.isBehindHole(key))) {
                // as in one segment: what was left out before it is missed nowhere
                each.join(key, end);
            }
            end = Math.max(end, each.end(key));
            isHoled |= each.isHoled();
        }
        return live;
    }

    /** As {@link #all}, without waiting for slots that aren't published. */
    public List<SharedSegment> published(Manifest manifest) throws IOException {
        return caughtUp(new Listing(list().segments(), 0), manifest);
    }

    /** Whether a stream has something in one of them, as far as that has been walked. */
    static boolean has(SharedSegment segment, StreamKey key, Manifest manifest) {
        cut(segment, manifest.voidRanges(key));
        return segment.end(key) >= 0;
    }

    /** The position where what a stream has in those that aren't packed ends, as far as anything is published; -1 where it has nothing there. */
    public long end(StreamKey key, Manifest manifest) throws IOException {
        long end = -1;
        for (SharedSegment each : published(manifest)) {
            end = Math.max(end, each.end(key));
        }
        return end;
    }

    /** Adds the keys of streams that have something in those that aren't packed. */
    public void addKeys(Manifest manifest, Predicate<String> filter, Collection<String> keys) throws IOException {
        for (SharedSegment each : caughtUp(list(), manifest)) {
            cut(each, manifest.voidRanges());
            each.addKeys(filter, keys);
        }
    }
}
