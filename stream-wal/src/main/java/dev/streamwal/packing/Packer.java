package dev.streamwal.packing;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.FileOperation;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.measure.PackTask;
import dev.streamwal.measure.TaskEvents;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.packing.PackPlan.Job;
import dev.streamwal.packing.PackPlan.Source;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Packs small segments, and deletes their files. One pass at a time.
 *
 * <ol>
 *   <li>{@link PackPlan} decides which segments go into which pack.
 *   <li>The segments are copied, each frame is verified, and the pack is forced, name included. A segment that doesn't verify stays where it is, and
 *       so do those behind it.
 *   <li>The manifest lists the pack, durably. From here on, readers find the segments there.
 *   <li>The files are deleted as by a sweep: written down first, the oldest first.
 * </ol>
 *
 * <p>After a crash before step 3, the pack is a leftover, which is deleted when the log is opened. After a crash after step 3, some segments exist
 * twice, byte for byte the same; the next pass finds them in the pack, and only deletes the files.
 */
public final class Packer {

    /** What the packer needs of the log. */
    public interface PackedLog {

        /** Throws if the log is closed, or another writer has taken it over. */
        void checkWriter();

        /** The current time by the log's clock. */
        long nowMillis();

        /** The log's current incarnation. */
        long incarnation();

        /** All streams with segments, and possibly others. */
        List<StreamLog> streams();

        /** The log in which deletions are written down first. */
        DeletionLog deletions();

        /** The stream whose segments hold the records of many streams. */
        StreamLog sharedLog();

        /** The shortest window of the streams that share segments. */
        long shortestWindowMillis();

        /** The options that currently set the windows and expirations of a stream's segments. */
        StreamPolicy policyOf(StreamKey key);

        /** The options of all streams; empty if they may differ. */
        Optional<StreamPolicy> policyOfAll();

        /** Copies a damaged shared segment to the quarantine, and reports the damage; the file is deleted after that. */
        void setAside(Path file, CorruptSegmentException damage) throws IOException;

        /**
         * A shared segment was packed.
         *
         * @param isDone false if that failed
         */
        void sharedPacked(boolean isDone);

        /** Makes durable what was appended to streams' own segments. */
        void forceOwnSegments() throws IOException;
    }

    /** Receives what was done. Implementations never throw. */
    public interface Events extends TaskEvents {

        /** Segments have moved into a pack. */
        void packed(ListedPack pack, Path file, long bytesBefore);

        /** Packs have become one. */
        void merged(ListedPack pack, Path file, List<ListedPack> before);

        /** A pack has moved to the log's tier. */
        void tiered(ListedPack pack, Path file, String tier, String object);
    }

    /** The task's name in failures: copying streams' own small segments. */
    private static final String PACK = "pack";

    /** Copying what stands in shared segments. */
    private static final String PACK_SHARED = "pack shared segments";

    /** Making one pack of several. */
    private static final String MERGE = "merge";

    /** Carrying out cuts that an opening of the log couldn't. */
    public static final String CUT = "cut streams";

    /** Writing the catalogue of keys. */
    private static final String LIST_KEYS = "list keys";

    /** For deletions of as many threads as there may be. */
    private static final int MIN_ROOM = 1 << 12;

    /** Deletions of what waits in shared segments. With more, it is packed before its window is over, because each reader has the list in its heap. */
    public static final int MAX_UNPACKED_VOIDS = 1 << 14;

    /** Larger segments gain nothing from packing. */
    static final int MAX_SEGMENT_BYTES = PackWriter.MAX_SEGMENT_BYTES;

    /** About a second's work, for which a deletion may have to wait. */
    private static final int MAX_SEGMENTS = 1 << 14;

    private static final long MAX_BYTES = 64 << 20;

    /** A wide merge costs no more than a narrow one, and fewer levels mean fewer rewrites. */
    static final int MAX_MERGED_PACKS = 64;

    /** Limits memory: each entry takes some 40 bytes while the pack is written. */
    private static final int MAX_MERGED_SEGMENTS = 1 << 20;

    /** Segments of one stream: more of one window wait for the next pass. */
    private static final int MAX_OF_STREAM = 256;

    private final PackStore store;
    private final PackSweep sweep;
    private final SegmentStorage storage;
    private final PackedLog log;
    private final Events events;
    private final PackPlan.Limits limits;
    private final long optionsHash;
    private final SharedPacker shared;
    private final Merger merger;
    private final KeyCatalogUpdate keys;

    /**
     * For an open log.
     *
     * @param maxOwnSegments of one window, up to which nothing is packed
     * @param optionsHash of the options that set segments' windows and expirations
     */
    public Packer(PackStore store, PackSweep sweep, SegmentStorage storage, PackedLog log, Events events, int maxOwnSegments, long optionsHash) {
        this.store = store;
        this.sweep = sweep;
        this.storage = storage;
        this.log = log;
        this.events = events;
        this.limits = new PackPlan.Limits(maxOwnSegments + 1, MAX_SEGMENTS, MAX_BYTES, MAX_OF_STREAM);
        this.optionsHash = optionsHash;
        this.shared = new SharedPacker(store, storage, log, optionsHash);
        this.merger = new Merger(store, log, events, mergeLimits(store, log));
        this.keys = new KeyCatalogUpdate(store);
    }

    static MergePlan.Limits mergeLimits(PackStore store, PackedLog log) {
        return new MergePlan.Limits(MAX_MERGED_PACKS, MAX_MERGED_SEGMENTS, log.shortestWindowMillis(), store.isCompressed(), store::tableBytes);
    }

    /** Packs what is currently worth it. Returns the number of segments that moved. */
    public int pass() {
        int moved = pass(store::isEnding);
        mergeAtIntervals(store::isEnding);
        return moved;
    }

    /**
     * Returns when no thread merges packs or lists keys any more. Such threads hold no lock; {@link PackStore#refuseSteps} has told them to stop, and
     * keeps others from beginning. They write files under names that the next writer may give, too.
     */
    public void end() {
        merger.end();
        keys.end();
    }

    /** Returns when no file has what was erased from packs and isn't listed: a merge with such a pack ends. */
    public void awaitVainMerge() {
        merger.awaitVain();
    }

    /**
     * {@link #pass()} for a background thread, without merging: failures are reported instead of thrown.
     *
     * @param isStopped asked between two packs
     */
    public void passAtIntervals(BooleanSupplier isStopped) {
        boolean unused = telling(isStopped, PACK, () -> pass(isStopped) > 0);
    }

    /**
     * Merges packs if that is currently worth it, and rewrites the key catalogue, on a thread of its own: failures are reported instead of thrown.
     * The catalogue is looked at after each merge: otherwise, if there is always something to merge, it would fall behind, and readers would read all
     * tables.
     *
     * @param isStopped asked continually
     */
    public void mergeAtIntervals(BooleanSupplier isStopped) {
        boolean more = true;
        while (more && !isStopped.getAsBoolean()) {
            more = telling(isStopped, MERGE, () -> {
                log.checkWriter();
                return merger.step(isStopped);
            });
            boolean unused = telling(isStopped, LIST_KEYS, () -> {
                keys.pass(isStopped);
                return false;
            });
        }
    }

    /** Returns what the work returns; false if it failed. Failures while the log is being closed are caused by closing it. */
    private boolean telling(BooleanSupplier isStopped, String task, FileOperation<Boolean> work) {
        long begun = events.begins();
        try {
            boolean result = work.run();
            ended(isStopped, task, begun);
            return result;
        } catch (IOException | RuntimeException | Error e) {
            failed(isStopped, task, e);
            return false;
        }
    }

    private void failed(BooleanSupplier isStopped, String task, Throwable failure) {
        if (!isStopped.getAsBoolean()) {
            events.failed(task, null, failure);
        }
    }

    private void ended(BooleanSupplier isStopped, String task, long begun) {
        if (!isStopped.getAsBoolean()) {
            events.ended(task, begun);
        }
    }

    private synchronized int pass(BooleanSupplier isStopped) {
        log.checkWriter();
        long begun = events.begins();
        finishCutsLeft(failure -> failed(isStopped, CUT, failure));
        ended(isStopped, CUT, begun);
        int moved = store.hasUnpackedVoids(MAX_UNPACKED_VOIDS) ? packVoided(isStopped) : packShared(log.nowMillis(), isStopped);
        return moved + packOwn(isStopped);
    }

    private int packVoided(BooleanSupplier isStopped) {
        int moved = packShared(log.nowMillis() + log.shortestWindowMillis(), isStopped);
        if (moved > 0) {
            sweep.voidedWasPacked();
        }
        return moved;
    }

    /** Does nothing within a callback. */
    private void finishCutsLeft(Consumer<Exception> failed) {
        if (!store.cutsLeft.isAny() || store.isDeletedByCaller()) {
            return;
        }
        try {
            // not while a deletion runs: a cut copies a segment of the stream's own, and the copy would take the place of a file that was just deleted
            store.whilePacking(() -> store.cutsLeft.finish(failed));
        } catch (IOException | RuntimeException e) {
            failed.accept(e);
        }
        store.cutsLeft.recordAgain(log.deletions(), failed);
    }

    /** Packs shared segments if the newest was begun at least a window before a time; does nothing within a callback. */
    public int packShared(long nowMillis) {
        if (store.isDeletedByCaller()) {
            return 0;
        }
        synchronized (this) {
            return packShared(nowMillis, store::isEnding);
        }
    }

    /** Returns the number of segments that were packed. */
    private int packShared(long nowMillis, BooleanSupplier isStopped) {
        int moved = 0;
        long begun = events.begins();
        try {
            // the given time may be behind the clock, and says nothing of what was begun since
            long latest = Math.max(nowMillis, log.nowMillis());
            log.sharedLog().sealUnlessCreatedBetween(nowMillis - log.shortestWindowMillis(), latest + log.shortestWindowMillis());
            // what is appended from here on is for the next pass: otherwise own segments would wait for as long as appends go on
            long end = store.sharedEnd();
            for (boolean more = true; more && !isStopped.getAsBoolean(); ) {
                Optional<List<ListedPack>> packs = packOldestShared();
                moved += packs.orElse(List.of()).stream().mapToInt(pack -> (int) pack.segments()).sum();
                more = packs.isPresent() && store.places.oldestSharedPosition() < end;
            }
            ended(isStopped, PACK_SHARED, begun);
        } catch (IOException | RuntimeException e) {
            log.sharedPacked(false);
            failed(isStopped, PACK_SHARED, e);
        } catch (Error e) {
            log.sharedPacked(false);
            throw e;
        }
        return moved;
    }

    /** Empty if there is none to pack. */
    private Optional<List<ListedPack>> packOldestShared() throws IOException {
        Packing step = new Packing();
        Optional<List<ListedPack>> packs = store.whilePacking(shared::packOldest);
        log.sharedPacked(true);
        for (ListedPack pack : packs.orElse(List.of())) {
            step.wrote(PackTask.SHARED, pack, store.file(pack));
            events.packed(pack, store.file(pack), pack.bytes());
        }
        step.end(PackTask.SHARED, events);
        return packs;
    }

    /**
     * Packs everything that was appended to shared segments before the call.
     *
     * @throws IOException if that is not possible now
     */
    public void packAllShared() throws IOException {
        store.checkNotDeletedByCaller("erase");
        packAllSharedInTurn();
    }

    private synchronized void packAllSharedInTurn() throws IOException {
        long end = log.sharedLog().reservedEnd();
        try {
            log.sharedLog().sealUnlessCreatedBetween(Long.MAX_VALUE, Long.MAX_VALUE);
            // at least once, because it also deletes files that were packed before; not what is appended from here on, or it might never end
            for (boolean more = true; more; ) {
                more = packOldestShared().isPresent() && store.places.oldestSharedPosition() < end;
            }
        } catch (IOException | RuntimeException | Error e) {
            log.sharedPacked(false);
            throw e;
        }
        if (store.places.oldestSharedPosition() < end) {
            throw new IOException("an append to a shared segment hasn't completed: folder=" + log.sharedLog().directory()
                    + "; try again when all appends have ended; if that fails, too, close the log, open it and try again");
        }
    }

    private int packOwn(BooleanSupplier isStopped) {
        long begun = events.begins();
        Map<StreamKey, StreamLog> streams = new HashMap<>();
        List<List<Source>> candidates = new ArrayList<>();
        long nowMillis = log.nowMillis();
        for (StreamLog stream : log.streams()) {
            List<Source> sources = sources(stream, nowMillis);
            if (!sources.isEmpty()) {
                streams.put(stream.key(), stream);
                candidates.add(sources);
            }
        }
        int moved = 0;
        Set<StreamKey> left = new HashSet<>();
        for (Job job : PackPlan.of(candidates, this::hasPack, limits)) {
            if (isStopped.getAsBoolean()) {
                return moved;
            }
            try {
                moved += store.whilePacking(new Run(job, streams, left)::run);
            } catch (IOException | RuntimeException e) {
                job.sources().forEach(source -> left.add(source.key()));
                failed(isStopped, PACK, e);
            }
        }
        try {
            reclaim();
        } catch (WalException e) {
            failed(isStopped, PACK, e);
        }
        ended(isStopped, PACK, begun);
        return moved;
    }

    private void reclaim() {
        int unused = sweep.reclaim(failure -> events.failed(PACK, null, failure));
    }

    /**
     * Returns when there is room for a deletion in packs, or none can be made now. Packing makes room in time, unless deletions come much faster than
     * its passes; then the thread that deletes makes it here. Does nothing within a callback.
     *
     * @return how many streams may be deleted at a time
     */
    public int makeRoomForDeletion() {
        if (store.roomForVoids() < MIN_ROOM && !store.isDeletedByCaller()) {
            synchronized (this) {
                // the caller before may have made room
                if (store.roomForVoids() < MIN_ROOM && sweep.mayHaveFewerVoids()) {
                    log.checkWriter();
                    reclaim();
                }
            }
        }
        return Math.max(1, Math.min(StreamRemovals.MAX_STREAMS, store.roomForVoids()));
    }

    /** Whether there is a pack of this window, alone or with others. */
    private boolean hasPack(Window window, long expirationMillis) {
        return store.packs().stream().anyMatch(pack -> pack.window().startMillis() <= window.startMillis()
                && pack.window().endMillis() >= window.endMillis()
                && pack.expirationMillis() - pack.window().endMillis() == expirationMillis - window.endMillis());
    }

    /** Whether a stream's segments currently get such windows and expirations. */
    static boolean isByOptions(Window window, long expirationMillis, StreamPolicy policy) {
        return window.endMillis() - window.startMillis() == policy.windowMillis()
                && expirationMillis - window.endMillis() == policy.retentionMillis();
    }

    private List<Source> sources(StreamLog stream, long nowMillis) {
        StreamPolicy policy = stream.policy();
        if (policy.maxBytes() != Long.MAX_VALUE) {
            // its oldest segments go one by one
            return List.of();
        }
        try {
            return stream.oldestSettled(nowMillis, MAX_SEGMENT_BYTES).stream()
                    .map(settled -> new Source(stream.key(), settled.name(), settled.window(), settled.bytes())).toList();
        } catch (IOException | WalException e) {
            // a stream that can't be recovered or read reports that to its callers
            return List.of();
        }
    }

    /** One pack. */
    private final class Run {

        private final Job job;
        private final Map<StreamKey, StreamLog> streams;
        /** Streams of which a segment was left out: what follows it stays. */
        private final Set<StreamKey> left;
        private final Map<StreamKey, Long> lastPacked = new LinkedHashMap<>();
        private int moved;
        private long bytesBefore;
        /** Why it isn't known whether some segment was packed already. */
        private @Nullable Exception unknown;

        Run(Job job, Map<StreamKey, StreamLog> streams, Set<StreamKey> left) {
            this.job = job;
            this.streams = streams;
            this.left = left;
        }

        int run() throws IOException {
            List<Source> sources = stillThere();
            if (!sources.isEmpty()) {
                write(sources);
                deleteFiles();
            }
            if (unknown != null) {
                events.failed(PACK, null, unknown);
            }
            return moved;
        }

        /** Segments may have been deleted or cut since the plan was made. */
        private List<Source> stillThere() {
            long nowMillis = log.nowMillis();
            List<Source> there = new ArrayList<>();
            Map<StreamKey, Set<Source>> now = new HashMap<>();
            for (Source source : job.sources()) {
                Set<Source> ofStream = now.computeIfAbsent(source.key(),
                        key -> left.contains(key) ? Set.of() : new HashSet<>(sources(stream(key), nowMillis)));
                if (ofStream.contains(source)) {
                    there.add(source);
                } else {
                    left.add(source.key());
                    now.put(source.key(), Set.of());
                }
            }
            return there;
        }

        private StreamLog stream(StreamKey key) {
            StreamLog stream = streams.get(key);
            if (stream == null) {
                throw new IllegalStateException("stream isn't part of the plan: stream=" + key);
            }
            return stream;
        }

        private void write(List<Source> sources) throws IOException {
            Packing step = new Packing();
            long number = store.numbers.next();
            boolean isByOptions = sources.stream().allMatch(source -> isByOptions(job.window(), job.expirationMillis(), stream(source.key()).policy()));
            PackHeader header = store.compressed(new PackHeader(number, job.window(), job.expirationMillis(),
                    isByOptions ? optionsHash : ListedPack.OTHER_OPTIONS, 0, log.nowMillis(), log.incarnation()));
            PackWriter writer = null;
            try {
                for (Source source : sources) {
                    if (!isToPack(source)) {
                        continue;
                    }
                    if (writer == null) {
                        writer = store.write(header);
                    }
                    add(source, writer);
                }
                if (writer != null && !writer.isEmpty()) {
                    ListedPack pack = ListedPack.of(header, writer.finish());
                    store.add(pack);
                    moved += (int) pack.segments();
                    step.wrote(PackTask.OWN, pack, store.file(pack));
                    step.end(PackTask.OWN, events);
                    events.packed(pack, store.file(pack), bytesBefore);
                }
            } finally {
                if (writer != null) {
                    writer.close();
                }
            }
        }

        private boolean isToPack(Source source) throws IOException {
            try {
                return !left.contains(source.key()) && !isPackedAlready(source);
            } catch (IOException | WalException e) {
                if (!PackFailure.isOfPack(e)) {
                    throw e;
                }
                // not known, for example because its place in a pack's table is damaged: others are packed
                left.add(source.key());
                unknown = e;
                return false;
            }
        }

        /** Packed already by a pass that ended before it had deleted the file. */
        private boolean isPackedAlready(Source source) throws IOException {
            for (StreamPlaces.Place place : store.places.find(source.key())) {
                if (place.entry().basePosition() == source.name().basePosition()) {
                    lastPacked.put(source.key(), source.name().basePosition());
                    return true;
                }
            }
            return false;
        }

        private void add(Source source, PackWriter writer) throws IOException {
            StreamLog stream = stream(source.key());
            Path path = stream.directory().resolve(source.name().fileName());
            try (SegmentFile file = storage.open(path)) {
                SegmentHeader header = SegmentFiles.readHeader(file, path, source.key(), source.name());
                Optional<Footer> footer = stream.footerOf(source.name(), file, header);
                if (footer.isEmpty() || !header.window().equals(job.window())) {
                    left.add(source.key());
                    return;
                }
                writer.add(header, footer.get(), file);
                lastPacked.put(source.key(), source.name().basePosition());
                bytesBefore += source.bytes();
            } catch (CorruptSegmentException | UnsupportedFormatException | NoSuchFileException e) {
                // its readers report the damage; it stays as it is
                left.add(source.key());
            }
        }

        private void deleteFiles() throws IOException {
            List<Deletion.Below> decided = new ArrayList<>();
            for (Map.Entry<StreamKey, Long> each : lastPacked.entrySet()) {
                OptionalLong below = stream(each.getKey()).condemnUpTo(each.getValue());
                if (below.isPresent()) {
                    decided.add(new Deletion.Below(each.getKey(), below.getAsLong()));
                }
            }
            for (int from = 0; from < decided.size(); from += DeletionLog.MAX_STREAMS) {
                List<Deletion.Below> some = decided.subList(from, Math.min(decided.size(), from + DeletionLog.MAX_STREAMS));
                Deletion.Kept kept = log.deletions().deletedBelow(List.copyOf(some));
                try {
                    for (Deletion.Below each : some) {
                        boolean unused = stream(each.key()).deleteBelow(each.position(), gone -> {});
                    }
                } finally {
                    kept.close();
                }
            }
        }
    }
}
