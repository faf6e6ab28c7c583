package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.catalog.SharedCatalog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.commit.Deletion;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.image.CheckpointFolder;
import dev.streamwal.image.PackImage;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectWrites;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.LogTier;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestWriter;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackFooter;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackTableFile;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.recovery.RedoResult;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.WriterFence;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The packs of a log that is being written. Thread-safe. */
public final class PackStore implements PackedData {

    /*
     * Locking.
     *
     * A pack is made of files that must not change meanwhile, and the files are deleted once the manifest lists the pack. In between, a sweep, a
     * purge or a deletion could delete a file that the pack already has, and the pack would bring it back; a cut could shorten it. So these
     * operations hold `changing` as readers, any number at a time; packing, and a cut that takes a segment out of a pack, hold it exclusively. A
     * packing job is small (see Packer), so the others don't wait for long. Appends, commits, rotation, sealing and readers never take this lock.
     *
     * Lock order: `changing`, then a stream's rotation lock.
     *
     * The end. Closing the log takes this lock exclusively before it makes the last things durable and releases LOCK. So no thread holds the lock any
     * more, and later steps are refused. Otherwise a thread within a sweep would go on in the next writer's files: it would list packs that the next
     * writer has deleted as leftovers, or raise positions that are the next writer's by then. A change of packs without this lock, or after the log
     * was closed within it, is refused: see PackChanges. Long steps ask `isEnding`, so that closing doesn't wait for them.
     */
    private final ReentrantReadWriteLock changing = new ReentrantReadWriteLock();
    private volatile boolean isEnding;

    /** Only the tables of packs are read here. */
    private static final int MAX_OPEN_FILES = 16;

    /** As many packs as one merge takes have room in one table if they are no larger than this. */
    private static final long SMALL_BYTES = MergePlan.MAX_TABLE_BYTES / Packer.MAX_MERGED_PACKS;

    private final Path root;
    private final FreeSpace freeSpace;
    private final boolean isCompressed;
    private final ManifestWriter manifest;
    final PackChanges changes;
    /** The cache through which segments are opened. */
    final ChannelCache channels = new ChannelCache(MAX_OPEN_FILES);
    private final PackCatalog catalog;
    /** Where streams end that aren't in memory. */
    final StreamEnds ends;
    final StreamPlaces places;
    private final LongSupplier sharedEnd;
    final PackNumbers numbers;
    private final PositionsWriter positions;
    /** Null if packs are written through the page cache. */
    private final @Nullable DirectWrites direct;
    /** Packs that are to be in the log's directory. */
    final NeededPacks needed = new NeededPacks();
    /** Cuts that an opening could not carry out. */
    final CutsLeft cutsLeft = new CutsLeft(changing.readLock(), this::checkGoesOn, cut -> cut(cut.key(), cut.from(), cut.to()));
    private volatile PackedTier tier;

    private PackStore(Path root, FreeSpace freeSpace, boolean isCompressed, boolean isDirect, ManifestWriter manifest, WriterFence fence,
            PositionsWriter positions, LongSupplier sharedEnd) {
        this.root = root;
        this.freeSpace = freeSpace;
        this.isCompressed = isCompressed;
        this.direct = isDirect ? new DirectWrites() : null;
        this.positions = positions;
        this.sharedEnd = sharedEnd;
        this.numbers = new PackNumbers(sharedEnd);
        this.manifest = manifest;
        this.changes = new PackChanges(root, channels, manifest, fence, this::keepOnly);
        this.tier = new NoTier(manifest::current);
        FooterCache footers = new FooterCache();
        // tables are in the log's directory; a caller that needs more of a pack has it fetched first, without a lock
        this.catalog = new PackCatalog(root, channels, footers, 0, manifest::current, TierReads.refusing(root));
        SharedCatalog shared = new SharedCatalog(new StreamDirectory(root, channels), channels, footers, catalog, sharedEnd);
        this.ends = new StreamEnds(changes, manifest::current, catalog, shared, positions);
        this.places = new StreamPlaces(manifest::current, catalog, shared, channels, ends);
    }

    /**
     * Reads which packs there are, and deletes leftovers of a writer that ended in the middle of writing a pack.
     *
     * @param root of the log
     * @param freeSpace of its disk
     * @param isCompressed whether new packs are compressed
     * @param isDirect whether packs are written past the page cache, where the file system can
     * @param positions that were given
     * @param sharedEnd the end of what is reserved in the shared stream
     */
    public static PackStore open(Path root, FreeSpace freeSpace, boolean isCompressed, boolean isDirect, WriterFence fence, PositionsWriter positions,
            LongSupplier sharedEnd) throws IOException {
        PackStore store = new PackStore(root, freeSpace, isCompressed, isDirect, ManifestWriter.open(root), fence, positions, sharedEnd);
        store.changes.deleteLeftovers(store.numbers);
        return store;
    }

    /** Called whenever packs may have gone, with the monitor of changes. */
    private void keepOnly(Manifest now) {
        catalog.keepOnly(now);
        ends.removeIf(numbers.keepOnly(now));
    }

    /**
     * Notes where streams continue that haven't been used since the log was opened: see {@link StreamEnds#inherit}. Call it once, after the recovery of
     * the shared stream and before any other stream is used.
     */
    public void inherit(boolean isSharedWhole, Optional<WalException> failure) throws IOException {
        ends.inherit(places.sharedSegments(), channels, sharedEnd.getAsLong(), isSharedWhole, failure);
    }

    /** Runs steps that may run beside each other: deleting or copying files. */
    public <T> T whileDeleting(FileOperation<T> step) throws IOException {
        return holding(changing.readLock(), step);
    }

    public void whileDeleting(FileStep step) throws IOException {
        Object unused = whileDeleting(() -> after(step));
    }

    /** Runs steps that exclude all others: packing, or taking a segment out of a pack. */
    public <T> T whilePacking(FileOperation<T> step) throws IOException {
        checkNotDeletedByCaller("pack");
        return holding(changing.writeLock(), step);
    }

    public void whilePacking(FileStep step) throws IOException {
        Object unused = whilePacking(() -> after(step));
    }

    private static Object after(FileStep step) throws IOException {
        step.run();
        return step;
    }

    /** Whether the calling thread is deleting files, and so is in a callback: it can't wait for itself. */
    public boolean isDeletedByCaller() {
        return changing.getReadHoldCount() > 0;
    }

    /** A packing thread may be waiting for the deletions of the calling thread, which would then wait for packing. */
    public void checkNotDeletedByCaller(String action) {
        if (isDeletedByCaller()) {
            throw new IllegalStateException("cannot " + action + " within a callback about a deletion: thread=" + Thread.currentThread().getName()
                    + ", root=" + root + "; " + action + " when the deletion is done");
        }
    }

    private <T> T holding(Lock lock, FileOperation<T> step) throws IOException {
        lock.lock();
        try {
            checkGoesOn();
            // a segment deleted from now on must not be in a pack that the manifest lists after a crash and doesn't list now
            changes.settle();
            return step.run();
        } finally {
            lock.unlock();
        }
    }

    /** From now on no step begins, and those that take long throw before their next segment. */
    public void refuseSteps() {
        isEnding = true;
    }

    /** Whether steps are refused, because the log is being closed. */
    boolean isEnding() {
        return isEnding;
    }

    /** Called now and then by steps that take long, while nothing of them counts yet. */
    void checkGoesOn() {
        if (isEnding) {
            throw changes.closedException();
        }
    }

    /**
     * Returns when no step runs any more; from now on nothing is changed. The caller isn't deleting files: see {@link #isDeletedByCaller}.
     *
     * <p>Waits however long that takes: a step in the middle of a change can't be kept from the next writer's files in any other way.
     */
    public void end() {
        refuseSteps();
        changing.writeLock().lock();
        try {
            changes.end();
        } finally {
            changing.writeLock().unlock();
        }
    }

    /** The log's directory. */
    public Path root() {
        return root;
    }

    public Manifest manifest() {
        return manifest.current();
    }

    /** Where streams have something in packs and in shared segments. */
    public StreamPlaces places() {
        return places;
    }

    /** All packs, those of older windows first. */
    public List<ListedPack> packs() {
        return manifest.current().packsInOrder();
    }

    public Path file(ListedPack pack) {
        return PackFiles.pack(root, pack.number());
    }

    public PackReader reader(ListedPack pack) throws IOException {
        return catalog.reader(pack);
    }

    /** A segment that was removed from a pack. */
    StreamLog.Deleted deleted(StreamPlaces.Place place) {
        return deleted(place.pack(), file(place.pack()), place.entry());
    }

    static StreamLog.Deleted deleted(ListedPack pack, Path file, PackEntry entry) {
        return new StreamLog.Deleted(file, new SegmentName(entry.basePosition(), pack.expirationMillis()), entry.storedBytes());
    }

    /** Where the shared stream ends, or a position behind that, if it can't be recovered. */
    long sharedEnd() {
        return sharedEnd.getAsLong();
    }

    /**
     * Whether everything in packs was appended before anything that shared segments have now: a pack is given its number when it is known what is copied
     * to it, and what a shared segment has is appended after the segment was begun. So no stream has older data there than in the packs.
     */
    public boolean areOlderThanShared(List<Long> packNumbers) throws IOException {
        return numbers.areBefore(places.oldestSharedPosition(), packNumbers, ends.inheritedEnd());
    }

    /** Notes that packs now hold the content of the shared segments that begin below a position. */
    void addPacked(List<ListedPack> packs, long sharedBelow) throws IOException {
        manifest.begin();
        changes.make(packs, List.of(), () -> manifest.change(before -> before.with(packs).packedBelow(sharedBelow)));
        ends.packedBelow(sharedBelow);
    }

    /** Whether neither shared segments nor packs have anything of a stream that was appended to since the log was opened. */
    public boolean isGone(StreamLog stream) throws IOException {
        return ends.isGone(stream);
    }

    /**
     * Whether {@link #newest} still says where a stream ends if the stream is forgotten from now on: nothing of it is in shared segments, and packs
     * say the same end.
     */
    public boolean isPackedUpTo(StreamLog stream, long end) throws IOException {
        return ends.isPackedUpTo(stream, end);
    }

    @Override
    public Optional<Held> holding(StreamKey key, long position) throws IOException {
        return places.holding(key, position);
    }

    @Override
    public long endBefore(StreamKey key, long base, long end) throws IOException {
        return places.endBefore(key, base, end);
    }

    @Override
    public Newest newest(StreamKey key) throws IOException {
        cutsLeft.finish(key);
        return ends.newest(key);
    }

    /**
     * The part of a cut segment that stays is written to a pack of its own. One change of the manifest lists that pack, and drops the segment and
     * those behind it.
     *
     * <p>The content of a damaged pack isn't known, but segments in it that begin behind the cut go all the same: otherwise the log couldn't be
     * opened as long as the journal has the cut. If the cut goes through a segment of a damaged pack, nothing of that segment can be kept, so it
     * comes back whole with the pack.
     */
    @Override
    public void cut(StreamKey key, long from, long to) throws IOException {
        List<ListedPack> unreadable = new ArrayList<>();
        List<StreamPlaces.Place> all = places.findReadable(key, unreadable);
        List<StreamPlaces.Place> behind = all.stream().filter(place -> place.entry().endPosition() > from && place.entry().basePosition() < to).toList();
        if (behind.isEmpty() || behind.get(0).entry().basePosition() >= from) {
            if (!behind.isEmpty() || places.isAnyShared(key, from, to) || unreadable.stream().anyMatch(pack -> !isVoid(key, from, to, pack))) {
                forget(key, from, to);
            }
            return;
        }
        StreamPlaces.Place first = behind.get(0);
        long base = first.entry().basePosition();
        ListedPack kept = writeBeginning(first, from);
        changes.make(List.of(kept), List.of(), () -> manifest.change(before -> before.with(List.of(kept))
                .voided(List.of(new VoidRange(key, base, to, kept.number(), sharedEnd.getAsLong())))));
    }

    /** Carries out the cuts of an earlier writer's journal, as far as possible: see {@link CutsLeft#redo}. */
    public void redo(List<RedoResult.Cut> cuts, List<RedoResult.Cut> withoutRoom, Cutting own, Deletion.Kept record, Consumer<Exception> failed) {
        cutsLeft.redo(cuts, withoutRoom, own, record, failed);
    }

    /** Carries out a cut of an earlier writer's journal: in packs, or in a stream's own segments before the stream is brought in order. */
    @FunctionalInterface
    public interface Cutting {
        void carryOut(RedoResult.Cut cut) throws IOException;
    }

    @Override
    public boolean finishOwnCuts(StreamKey key) throws IOException {
        return cutsLeft.finishOwn(key);
    }

    /** Whether one deletion or cut covers all of it: an earlier attempt, or the writer before. */
    private boolean isVoid(StreamKey key, long from, long to, ListedPack pack) {
        return manifest.current().voidRanges(key).stream()
                .anyMatch(range -> range.from() <= from && to <= range.to() && range.covers(from, pack.number()));
    }

    private ListedPack writeBeginning(StreamPlaces.Place place, long end) throws IOException {
        PackReader pack = reader(place.pack());
        try (HeldSegment segment = new HeldSegment(pack, place.entry())) {
            return writtenInPlaceOf(pack, writer -> {
                segment.checkCut(end);
                writer.add(segment.header().with(true, 0), (int) segment.header().offsetOf(end), segment.bytes());
            });
        }
    }

    boolean counts(ListedPack pack, PackEntry entry) {
        return !manifest.current().isVoid(entry.key(), entry.basePosition(), pack.number());
    }

    PackWriter write(PackHeader header) throws IOException {
        manifest.begin();
        return PackWriter.create(root, header, direct);
    }

    /** Whether packs of windows that are over are compressed. */
    boolean isCompressed() {
        return isCompressed;
    }

    /** The header of the same pack, compressed if this log's packs are. */
    PackHeader compressed(PackHeader header) {
        return isCompressed ? header.inBlocks() : header;
    }

    /** Whether a pack has such a segment. */
    boolean isAny(ListedPack pack, Predicate<PackEntry> asked) throws IOException {
        PackWalk walk = reader(pack).walk();
        while (walk.next()) {
            checkGoesOn();
            if (asked.test(walk.entry())) {
                return true;
            }
        }
        return false;
    }

    /** Upper bound of the bytes of a pack's table, for {@link MergePlan}: by the pack's footer, if the pack isn't small. */
    long tableBytes(ListedPack pack) {
        if (pack.bytes() <= SMALL_BYTES) {
            return pack.bytes();
        }
        try {
            PackFooter footer = reader(pack).footer();
            return footer.indexOffset() - footer.tableOffset();
        } catch (IOException | CorruptSegmentException | UnsupportedFormatException e) {
            // a merge of the pack finds out, and reports it
            return 0;
        }
    }

    /** Adds segments to a pack. */
    @FunctionalInterface
    interface Filling {
        void fill(PackWriter writer) throws IOException;
    }

    /** Writes a pack with some segments of another one. */
    ListedPack writtenInPlaceOf(PackReader whole, Filling filling) throws IOException {
        PackHeader before = whole.header();
        long number = numbers.next();
        ends.isInPlaceOf(List.of(before.number()), number);
        PackHeader header = new PackHeader(number, before.window(), before.expirationMillis(), before.optionsHash(), before.level(),
                before.createdMillis(), before.incarnation(), before.isInBlocks(), true, before.isAfterDamage());
        try (PackWriter writer = write(header)) {
            filling.fill(writer);
            return ListedPack.of(header, writer.finish());
        }
    }

    /**
     * Writes a pack with those segments of another one that stay.
     *
     * @param kept whether a segment stays, by its place in the pack's table
     */
    ListedPack writtenInPlaceOf(PackReader whole, BiPredicate<Integer, PackEntry> kept) throws IOException {
        return writtenInPlaceOf(whole, writer -> {
            PackWalk walk = whole.walk();
            for (int place = 0; walk.next(); place++) {
                checkGoesOn();
                PackEntry entry = walk.entry();
                if (kept.test(place, entry)) {
                    writer.add(whole, entry);
                }
            }
        });
    }

    /** The header of a pack with all that counts of others. */
    PackHeader mergedFrom(MergePlan.Merge merge, long nowMillis, long incarnation) {
        List<ListedPack> packs = merge.packs();
        int level = packs.stream().mapToInt(ListedPack::level).max().orElse(0) + 1;
        long number = numbers.nextMerging();
        ends.isInPlaceOf(numbersOf(packs), number);
        return new PackHeader(number, merge.window(), merge.expirationMillis(), packs.get(0).optionsHash(), Math.min(level, PackHeader.MAX_LEVEL),
                nowMillis, incarnation);
    }

    /** Whether the disk has room for twice the pack. */
    boolean hasRoomFor(long bytes) {
        return freeSpace.bytes() / 2 >= bytes;
    }

    /** Lists a pack, which is whole and durable: from now on it has its segments. */
    void add(ListedPack pack) throws IOException {
        changes.make(List.of(pack), List.of(), () -> manifest.change(before -> before.with(List.of(pack))));
    }

    /** Why a file of a pack that isn't listed any more is still there; each change of the packs tries again to delete it. */
    public Optional<IOException> notDeleted() {
        return changes.notDeleted();
    }

    // ---------------------------------------------------------------- the tier

    /** The manifest, when nothing is in doubt: a crash leaves this one. */
    Manifest settled() throws IOException {
        changes.settle();
        return manifest.current();
    }

    /** Notes the log's tier, or another place of it, durably. */
    void bind(LogTier newTier) throws IOException {
        synchronized (changes) {
            changes.checkWriter();
            manifest.change(before -> before.with(newTier));
        }
    }

    /**
     * Moves a pack, whose copy in the tier is durable and was compared with it, and whose table is {@linkplain PackTableFile#prepare
     * prepared}: gives the table its name, lists it as being in the tier, and then
     * deletes its file. The caller holds the lock of packing.
     *
     * <p>All that happens under the monitor of changes: a change of the manifest that lists the pack may not be over yet, although the pack was seen
     * in it, and it ends with deleting tables of packs that aren't in the tier.
     *
     * @return false if it isn't listed any more, or is to stay
     */
    boolean toTier(ListedPack pack, TierObject object) throws IOException {
        synchronized (changes) {
            // a cut that is left may need any of them
            if (manifest.current().pack(pack.number()).isEmpty() || isNeeded(pack) || cutsLeft.isAny()) {
                return false;
            }
            changes.make(List.of(), List.of(pack), () -> {
                PackTableFile.name(root, pack.number());
                manifest.change(before -> before.inTier(pack.number(), object));
            });
            catalog.moved(pack.number());
            return true;
        }
    }

    /**
     * Lists a pack, which was fetched from the tier and is durable except for its name, as being in the log's directory. The caller holds the lock of
     * packing.
     *
     * @return false if it isn't in the tier any more
     */
    boolean fromTier(ListedPack pack, TierObject object, Path fetched) throws IOException {
        synchronized (changes) {
            if (!manifest.current().object(pack.number()).equals(Optional.of(object))) {
                return false;
            }
            changes.checkWriter();
            LogFile.rename(fetched, file(pack));
            DirectoryForce.force(PackFiles.directory(root));
            changes.make(List.of(), List.of(pack), () -> manifest.change(before -> before.fetched(pack.number())));
            catalog.moved(pack.number());
            return true;
        }
    }

    /** How often the table of a pack in the tier was found damaged. */
    int tableDamages() {
        return catalog.tableDamages();
    }

    /** The table of a pack in the tier was written anew: the open file is the old table. */
    void tableWritten(ListedPack pack) {
        channels.forget(PackFiles.table(root, pack.number()));
    }

    /** The tier that packs are moved to and fetched from. */
    PackedTier tier() {
        return tier;
    }

    /** Sets the tier that packs are moved to and fetched from. */
    void tier(PackedTier newTier) {
        tier = newTier;
    }

    /**
     * Fetches a pack from the tier, if it is there, and keeps it in the log's directory until {@link #release}. It may take long: call it with no lock.
     *
     * @throws TierFailure if the tier fails, or there is none
     */
    public void fetch(ListedPack pack) throws IOException {
        needed.hold(pack.number());
        if (manifest.current().isInTier(pack)) {
            tier.fetch(pack);
        }
    }

    /** The pack may go to the tier again. */
    public void release(ListedPack pack) {
        needed.release(pack.number());
    }

    /**
     * If a stream's cut at a position is left, keeps the stream's packs in the log's directory until it is completed, because that needs one of them. The
     * caller holds the lock of packing.
     */
    public void keepForCut(StreamLog stream, long from) {
        if (stream.isCutLeft(from)) {
            needed.byCut(stream.key());
            if (!stream.isCutLeft(from)) {
                // the cut was completed in between, when there was nothing to let go of
                needed.cutDone(stream.key());
            }
        }
    }

    /** Whether a pack is to be in the log's directory. */
    boolean isNeeded(ListedPack pack) {
        return needed.isNeeded(pack.number()) || needed.byCut().stream().anyMatch(key -> mayHave(pack, key));
    }

    /** Also true if that can't be read now: then the pack stays. */
    private boolean mayHave(ListedPack pack, StreamKey key) {
        try {
            return !reader(pack).find(key).isEmpty();
        } catch (IOException | CorruptSegmentException e) {
            return true;
        }
    }

    @Override
    public void whileNothingIsCopied(StreamKey key, FileStep cutting) throws IOException {
        Lock deleting = changing.readLock();
        // the caller may hold a lock of the stream, which packing takes while it holds this one
        if (!deleting.tryLock()) {
            throw new IOException("segments are being packed, and the stream's cut isn't finished yet: stream=" + key + "; try again");
        }
        try {
            cutting.run();
        } finally {
            deleting.unlock();
        }
    }

    @Override
    public void cutDone(StreamKey key) {
        needed.cutDone(key);
    }

    /** Fetches the pack that has a stream's segment at a position, if there is one: see {@link #fetch}. */
    public Optional<ListedPack> fetchAt(StreamKey key, long position) throws IOException {
        Optional<StreamPlaces.Place> found = placeIfAnyIsInTier(key, position);
        if (found.isPresent()) {
            try {
                fetch(found.get().pack());
            } catch (IOException | RuntimeException | Error e) {
                release(found.get().pack());
                throw e;
            }
        }
        return found.map(StreamPlaces.Place::pack);
    }

    /** Whether the pack that has a stream's segment at a position is in the tier. With the lock of packing the answer stays true. */
    public boolean isInTierAt(StreamKey key, long position) throws IOException {
        return placeIfAnyIsInTier(key, position).map(place -> manifest.current().isInTier(place.pack())).orElse(false);
    }

    /** Spares a log with nothing in a tier the search. */
    private Optional<StreamPlaces.Place> placeIfAnyIsInTier(StreamKey key, long position) throws IOException {
        return manifest.current().objects().isEmpty() ? Optional.empty() : places.at(key, position);
    }

    /** Sets what the last sweep in the background could not write anew, because it is in the tier. */
    public void neededBySweep(Collection<ListedPack> packs) {
        needed.bySweep(Set.copyOf(numbersOf(packs)));
    }

    /**
     * Returns when the log's tier, if there is one, has nothing left of packs that aren't in the tier any more: call it with no lock.
     *
     * @throws TierFailure if the tier fails, or the log was opened without it
     */
    void tidyTier() throws IOException {
        if (manifest.current().tier().isPresent()) {
            tier.tidy();
        }
    }

    /**
     * Removes packs by retention, and replaces others by packs with what stays of them. Streams may lose everything: their next records begin above
     * every position that was ever given, even if nothing remembers the stream by then.
     *
     * @param copied the manifest by which it was decided what stays
     * @param told runs when the manifest doesn't list the removed packs any more, and before their files are deleted: it may read them
     */
    void sweep(List<ListedPack> gone, List<ListedPack> carried, Manifest copied, Runnable told) throws IOException {
        positions.startAtCeiling();
        changes.stillRead(numbersOf(gone), true);
        try {
            replace(gone, carried, copied);
            told.run();
        } finally {
            changes.stillRead(numbersOf(gone), false);
        }
    }

    /**
     * Removes packs, and replaces others by packs with what still counts of them.
     *
     * <p>A pack that replaces packs of this writer is a pack of this writer, from the moment at which it is listed. Otherwise a stream that comes
     * again right then would take its end in that pack for its newest end, and a follower would not learn of what expired behind that.
     *
     * @param copied the manifest by which it was decided what counts
     */
    void replace(List<ListedPack> gone, List<ListedPack> carried, Manifest copied) throws IOException {
        changes.make(carried, gone, () -> {
            carried.forEach(pack -> ends.isInPlaceOf(numbersOf(gone), pack.number()));
            manifest.change(before -> before.replaced(carried, numbersOf(gone), copied));
        });
    }

    private static List<Long> numbersOf(Collection<ListedPack> packs) {
        return packs.stream().map(ListedPack::number).toList();
    }

    /** Bytes of the packs written since the log was opened. */
    public long writtenBytes() {
        return changes.writtenBytes();
    }

    /** How many bytes of packs were written past the page cache, also of packs that were not kept. */
    public long directBytes() {
        return direct == null ? 0 : direct.bytes();
    }

    /** Durably removes what a stream has in the current packs at positions {@code [from, to)}. */
    void forget(StreamKey key, long from, long to) throws IOException {
        positions.startAtCeiling();
        List<VoidRange> range = List.of(new VoidRange(key, from, to, manifest.current().highestNumber() + 1, sharedEnd.getAsLong()));
        changes.make(List.of(), List.of(), () -> {
            checkRoomFor(range, manifest.current());
            manifest.change(before -> before.voided(range));
        });
    }

    /** For how many more streams something in packs may be deleted. */
    int roomForVoids() {
        return Manifest.MAX_VOID_RANGES - manifest.current().voidCount();
    }

    /** Whether at least so many deletions and cuts may concern shared segments. */
    boolean hasUnpackedVoids(int count) {
        Manifest now = manifest.current();
        return now.voidCount() >= count && now.voidRanges().stream().filter(range -> range.sharedBelow() > now.sharedBelow()).count() >= count;
    }

    private void checkRoomFor(List<VoidRange> ranges, Manifest before) {
        if (!before.hasRoomFor(ranges)) {
            throw new WalException("list of packs has no room for more deletions of streams in packs: deletions=" + before.voidCount()
                    + ", more=" + ranges.size() + ", limit=" + Manifest.MAX_VOID_RANGES + ", root=" + root + "; writing packs anew made no room:"
                    + " health() says why, for example a full disk or a tier that can't be reached; mend that, call pack(), and try again",
                    root, null, WalException.NO_POSITION);
        }
    }

    /**
     * Drops deletions and cuts that concern nothing any more, because what they covered was left out when packs were merged or written anew. The
     * caller holds the lock of packing.
     *
     * @return how many are left
     */
    int dropUnneededVoids() throws IOException {
        Manifest now = manifest.current();
        List<StreamKey> keys = now.voidKeys();
        long oldestShared = places.oldestSharedPosition();
        Set<VoidRange> unneeded = now.voidRanges().stream().filter(range -> range.sharedBelow() <= oldestShared).collect(Collectors.toSet());
        List<ListedPack> packs = now.packsInOrder().stream().filter(pack -> now.mayHaveVoids(pack.number())).toList();
        boolean isWhole = catalog.find(keys, packs, (key, pack, segment) -> now.voidRanges(keys.get(key)).stream()
                .filter(range -> range.covers(segment.basePosition(), pack.number())).forEach(unneeded::remove));
        // what a damaged table has may come back from a backup
        if (isWhole && !unneeded.isEmpty()) {
            changes.make(List.of(), List.of(), () -> manifest.change(before -> before.without(unneeded)));
        }
        return manifest.current().voidCount();
    }

    /**
     * Durably removes, by one change, what each of these streams has in the current packs below its position, and packs.
     *
     * @param gone packs of which nothing else counts
     */
    void forgetBelow(Map<StreamKey, Long> positionsByKey, List<ListedPack> gone) throws IOException {
        positions.startAtCeiling();
        List<VoidRange> ranges = new ArrayList<>(positionsByKey.size());
        long packsBelow = manifest.current().highestNumber() + 1;
        long sharedBelow = sharedEnd.getAsLong();
        positionsByKey.forEach((key, position) -> ranges.add(new VoidRange(key, 0, position, packsBelow, sharedBelow)));
        List<Long> goneNumbers = numbersOf(gone);
        // with these packs go the deletions that concern no others
        UnaryOperator<Manifest> without = before -> goneNumbers.isEmpty() ? before : before.replaced(List.of(), goneNumbers, before);
        changes.make(List.of(), gone, () -> {
            checkRoomFor(ranges, without.apply(manifest.current()));
            manifest.change(before -> without.apply(before).voided(ranges));
        });
    }

    /**
     * Copies the current state into another log's directory, which has the packs in the tier already, by {@link TierCopies}; packs as hard links if the file
     * system supports them. The caller holds the lock of deletions.
     */
    public void copyTo(Path target) throws IOException {
        CheckpointFolder.put(PackImage.beside(root, manifest.current()), target);
    }

    public void close() {
        channels.close();
    }
}
