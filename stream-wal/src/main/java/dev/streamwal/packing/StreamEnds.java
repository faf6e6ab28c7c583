package dev.streamwal.packing;

import dev.streamwal.append.PackedData.End;
import dev.streamwal.append.PackedData.Newest;
import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.CatalogedKey;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.catalog.SharedCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedEnds;
import dev.streamwal.shared.SharedPart;
import dev.streamwal.storage.PositionsWriter;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Where streams end in packs and shared segments, for streams of which that isn't in memory: what an earlier writer has left, and what was forgotten.
 * Thread-safe.
 */
final class StreamEnds {

    /** How often packs are looked at, until they don't change during a look; after so many looks, changes have to wait. */
    private static final int MAX_ATTEMPTS = 16;

    private final Object changes;
    private final Supplier<Manifest> manifest;
    private final PackCatalog catalog;
    private final SharedCatalog shared;
    private final PositionsWriter positions;
    /** Where streams ended, when the log was opened, in shared segments of an earlier writer. Those that are packed meanwhile don't count. */
    private volatile SharedEnds inherited = new SharedEnds();
    /**
     * Whether all is known of what an earlier writer left in shared segments. Once false it stays so, also after those segments are packed: packs
     * don't have the damaged records.
     */
    private volatile boolean isInheritedWhole = true;
    /** Why shared segments couldn't be recovered when the log was opened, if another opening may succeed. */
    private volatile Optional<WalException> unread = Optional.empty();
    private volatile boolean hasInherited = true;
    /** Where the shared stream ended when the log was opened. */
    private volatile long inheritedEnd = Long.MAX_VALUE;
    /** Streams that packs of this writer have, and that aren't in memory any more; and some others. {@link KeyCatalogUpdate} makes the filter anew. */
    final KeyFilter forgotten = new KeyFilter();
    /** Packs of which this writer knows where all their streams end, except streams that were forgotten. So a new stream isn't looked up in them. */
    private final Set<Long> ofThisWriter = ConcurrentHashMap.newKeySet();

    /**
     * Nothing was inherited yet.
     *
     * @param changes whoever changes the manifest holds its monitor
     */
    StreamEnds(Object changes, Supplier<Manifest> manifest, PackCatalog catalog, SharedCatalog shared, PositionsWriter positions) {
        this.changes = changes;
        this.manifest = manifest;
        this.catalog = catalog;
        this.shared = shared;
        this.positions = positions;
    }

    // ---------------------------------------------------------------- what an earlier writer has left

    /**
     * Notes where streams continue that haven't been used since the log was opened; the log itself knows about the others.
     *
     * <p><b>Why no position is given twice if something is damaged.</b> The damaged part may have had records of a stream behind the stream's own
     * newest segment, which recovery would take for the stream's end. So from this opening on streams go on above all positions that were given.
     * Later openings don't find the damage: recovery has made it padding, and packing leaves it out. So the file of positions tells them up to which
     * opening no segment's end is believed. It also tells them if packing finds damage. If a process is killed before it has written that, it hasn't
     * closed the log, which tells them the same.
     *
     * @param segments of the shared stream that aren't packed
     * @param sharedEnd where the shared stream ends
     * @param isSharedWhole whether recovery found nothing damaged or missing in the shared stream
     * @param failure why recovery of the shared stream failed, if it did
     */
    void inherit(List<Segment> segments, ChannelCache channels, long sharedEnd, boolean isSharedWhole, Optional<WalException> failure)
            throws IOException {
        SharedEnds ends = new SharedEnds();
        for (Segment segment : segments) {
            ends.add(segment, channels);
        }
        inherited = ends;
        hasInherited = !ends.isEmpty() || !ends.isWhole() || !manifest.get().packsInOrder().isEmpty();
        inheritedEnd = sharedEnd;
        unread = failure.filter(e -> !(e instanceof CorruptSegmentException));
        isInheritedWhole = isSharedWhole && ends.isWhole();
        if (!isInheritedWhole) {
            positions.doubt();
        }
    }

    /** Shared segments had more than what was packed of them. Call it before the packs are listed, because packs don't say so. */
    void inheritedIsDamaged() throws IOException {
        positions.doubtNow();
        isInheritedWhole = false;
    }

    /** Packs now hold the content of the shared segments that begin below a position. */
    void packedBelow(long sharedBelow) {
        if (sharedBelow >= inheritedEnd) {
            inherited = new SharedEnds();
        }
    }

    /** Where the shared stream ended when the log was opened. */
    long inheritedEnd() {
        return inheritedEnd;
    }

    /** Whether a shared segment is an earlier writer's. */
    boolean isInherited(Segment segment) {
        return segment.basePosition() < inheritedEnd;
    }

    /**
     * Whether damage of shared segments may have taken what a stream's own segments lack.
     *
     * @throws IOException if nobody knows before the next opening: what follows such a gap must not become durable, because it may be one that a crash
     *     left, and then what follows it doesn't count
     */
    boolean mayHaveLost(StreamKey key) throws IOException {
        if (key.equals(StreamKey.SHARED)) {
            return false;
        }
        if (unread.isPresent()) {
            throw new IOException("shared segments couldn't be read when the log was opened, and may have what is missing between this stream's own segments:"
                    + " stream=" + key + ", cause=" + unread.get().getMessage() + "; open the log again", unread.get());
        }
        return !isInheritedWhole;
    }

    /** Adds the keys of streams that have something in an earlier writer's shared segments. */
    void addInheritedKeys(Manifest now, Set<String> keys) throws IOException {
        for (StreamKey key : inherited.keys(now.sharedBelow())) {
            if (now.voidRanges(key).isEmpty() || sharedEnd(key).isPresent()) {
                keys.add(key.text());
            }
        }
    }

    // ---------------------------------------------------------------- what this writer knows, and what it has forgotten

    /** Notes that this log knows where all streams of the pack end. */
    void isOfThisWriter(long number) {
        ofThisWriter.add(number);
    }

    /** As {@link #isOfThisWriter}, of a pack that takes the place of others, if it is so of them. */
    void isInPlaceOf(List<Long> numbers, long number) {
        if (ofThisWriter.containsAll(numbers)) {
            ofThisWriter.add(number);
        }
    }

    /** Forgets packs that have gone. */
    void removeIf(Predicate<Long> isGone) {
        ofThisWriter.removeIf(isGone);
    }

    /** See {@link PackStore#isGone}. */
    boolean isGone(StreamLog stream) throws IOException {
        return !mayBeShared(stream) && sharedEnd(stream.key()).isEmpty() && catalog.look(now -> !isAnyEnd(stream.key(), now, end -> true));
    }

    /** See {@link PackStore#isPackedUpTo}. */
    boolean isPackedUpTo(StreamLog stream, long end) throws IOException {
        if (mayBeShared(stream)) {
            return false;
        }
        forgotten.add(stream.key());
        boolean isPacked = lookUp(stream.key()).end().filter(packed -> packed.position() == end).isPresent();
        if (isPacked) {
            // since the call above, a renewal of the filter may have begun, from packs that were listed before those just found
            forgotten.add(stream.key());
        }
        return isPacked;
    }

    /** To be asked before packs are: the content of shared segments is in packs before it leaves them. */
    private boolean mayBeShared(StreamLog stream) throws IOException {
        return stream.sharedEnd().orElse(Long.MAX_VALUE) > shared.oldest(manifest.get());
    }

    // ---------------------------------------------------------------- looking an end up

    /**
     * A damaged pack doesn't keep a stream from continuing, as with shared segments. Nor does a pack that can't be read for another reason of its
     * own, or can't be read now, because its table is missing and the tier is away. If such a pack may have more of a stream than is known, the
     * stream goes on at the log's start, above every position given before the log was opened, and so above all that the pack has of it: when the
     * pack can be read again, its records stand before what follows. Readers report the damage.
     */
    Newest newest(StreamKey key) throws IOException {
        Newest found = lookUp(key);
        if (!found.isWhole() && forgotten.mayHave(key)) {
            // it may have got positions since
            positions.startAtCeiling();
        }
        // what was lost in shared segments had positions below the log's start
        return isInheritedWhole || key.equals(StreamKey.SHARED) ? found : new Newest(found.end(), false);
    }

    private Newest lookUp(StreamKey key) throws IOException {
        if (key.equals(StreamKey.SHARED) || !(hasInherited || forgotten.mayHave(key))) {
            return new Newest(Optional.empty(), true);
        }
        // shared segments first: their content is in packs before it leaves them
        Optional<End> end;
        try {
            end = sharedEnd(key);
        } catch (CorruptSegmentException e) {
            return new Newest(Optional.empty(), false);
        }
        return end.isPresent() ? new Newest(end, true) : packedEnd(key);
    }

    /** Where the stream ends in an earlier writer's shared segments, as far as it counts there. */
    private Optional<End> sharedEnd(StreamKey key) throws IOException {
        Manifest now = manifest.get();
        SharedEnds.End end = inherited.find(key, now.sharedBelow());
        if (end == null) {
            return Optional.empty();
        }
        List<VoidRange> covering = now.voidRanges(key).stream().filter(range -> range.from() < end.position() && end.position() <= range.to()).toList();
        if (covering.isEmpty()) {
            return Optional.of(new End(end.position(), end.windowStartMillis()));
        }
        if (covering.stream().anyMatch(range -> range.from() <= end.base())) {
            return Optional.empty();
        }
        // the end was cut off: the records before it tell
        List<SharedPart> parts = shared.parts(key, manifest.get());
        return parts.isEmpty() ? Optional.empty()
                : Optional.of(parts.get(parts.size() - 1)).map(last -> new End(last.endPosition(), last.window().startMillis()));
    }

    /**
     * Where the stream's newest segment ends in packs with data of an earlier writer, or of streams that were forgotten. Asks again if the packs have
     * changed meanwhile: a pack of this writer may have gone since, and would be taken for an earlier writer's.
     */
    private Newest packedEnd(StreamKey key) throws IOException {
        for (int attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
            Manifest before = manifest.get();
            Newest end = catalog.look(now -> packedEnd(key, now));
            if (before.equals(manifest.get())) {
                return end;
            }
        }
        synchronized (changes) {
            return catalog.look(now -> packedEnd(key, now));
        }
    }

    private Newest packedEnd(StreamKey key, Manifest now) throws IOException {
        boolean mayBeForgotten = forgotten.mayHave(key);
        List<ListedPack> asked = now.packsInOrder().stream().filter(pack -> mayBeForgotten || !ofThisWriter.contains(pack.number())).toList();
        if (asked.isEmpty()) {
            // true for each new key once the inherited packs have gone: saves a look into the catalogue, which is on the disk
            return new Newest(Optional.empty(), true);
        }
        CatalogedKey cataloged = catalog.cataloged(key, now);
        Optional<ListedPack> newest = Optional.empty();
        boolean isWhole = true;
        long position = 0;
        for (ListedPack pack : asked) {
            try {
                for (long end : ends(key, pack, now, cataloged)) {
                    newest = newest.isPresent() && position >= end ? newest : Optional.of(pack);
                    position = Math.max(position, end);
                }
            } catch (IOException | RuntimeException e) {
                if (!PackFailure.isOfTable(e)) {
                    throw e;
                }
                isWhole = false;
            }
        }
        return new Newest(newest.isEmpty() ? Optional.empty() : Optional.of(new End(position, lastWindowStart(key, newest.get(), position))), isWhole);
    }

    /**
     * A time in the stream's last window, as far as it is known. If a pack was made after its window was over, it may hold several windows, and the
     * newest record tells which was the stream's last. Otherwise the window has only begun, and one of its records may be ahead of it.
     */
    private long lastWindowStart(StreamKey key, ListedPack pack, long end) throws IOException {
        long start = pack.window().startMillis();
        try {
            PackReader reader = catalog.reader(pack);
            if (reader.header().createdMillis() >= pack.window().endMillis()) {
                return reader.find(key).stream().filter(entry -> entry.endPosition() == end).mapToLong(PackEntry::largestMillis)
                        .filter(pack.window()::contains).max().orElse(start);
            }
        } catch (IOException | RuntimeException e) {
            if (!PackFailure.isOfTable(e)) {
                throw e;
            }
            // the catalogue of keys says where the stream ends: such a pack keeps it only from knowing its window
        }
        return start;
    }

    /** Whether anything that the stream has in a pack or a shared segment ends at a position. */
    boolean endsAt(StreamKey key, long position) throws IOException {
        Optional<End> last = sharedEnd(key);
        if (last.isPresent() && (last.get().position() == position
                || shared.parts(key, manifest.get()).stream().anyMatch(part -> part.endPosition() == position))) {
            return true;
        }
        return catalog.look(now -> isAnyEnd(key, now, end -> end == position));
    }

    /** Whether one of the stream's segments in packs that count ends where asked. */
    private boolean isAnyEnd(StreamKey key, Manifest now, LongPredicate asked) throws IOException {
        CatalogedKey cataloged = catalog.cataloged(key, now);
        for (ListedPack pack : now.packsInOrder()) {
            if (ends(key, pack, now, cataloged).stream().anyMatch(asked::test)) {
                return true;
            }
        }
        return false;
    }

    /** Where the stream's segments end in a pack, as far as they count. */
    private List<Long> ends(StreamKey key, ListedPack pack, Manifest now, CatalogedKey cataloged) throws IOException {
        if (cataloged.covers(pack)) {
            return cataloged.in(pack).stream().map(CatalogedSegment::endPosition).toList();
        }
        return catalog.reader(pack).find(key).stream().filter(entry -> !now.isVoid(key, entry.basePosition(), pack.number()))
                .map(PackEntry::endPosition).toList();
    }
}
