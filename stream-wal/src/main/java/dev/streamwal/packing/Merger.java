package dev.streamwal.packing;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileOperation;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.measure.PackTask;
import dev.streamwal.pack.BlockCache;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackRun;
import dev.streamwal.pack.PackWriter;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Merges several packs into one. One merge at a time.
 *
 * <p><b>Locking.</b> A merge may take minutes, so packing and deletions don't wait for it: it reads packs, which don't change, and takes the packing
 * lock only to change the manifest. What is deleted or cut off during the merge doesn't count in the merged pack either: see
 * {@link Manifest#replaced}. If some of the packs have gone, because they expired or were written anew, the merge ends, its file is deleted, and others
 * are merged later.
 *
 * <p><b>Why nothing is lost or duplicated.</b> Every frame is verified on the way. The merged pack is durable before the manifest lists it, and the
 * same change of the manifest removes the old packs from the list; their files are deleted after that. After a crash before that change, the merged
 * pack is a leftover, which is deleted when the log is opened. A pack that can't be read isn't merged: it stays as it is, and its readers report why.
 */
final class Merger {

    /** When a pack that couldn't be read is tried again: damage stays, but another failure may be over. */
    private static final long RETRY_NANOS = TimeUnit.HOURS.toNanos(1);
    /** After a merge that was dropped because a part of it was purged meanwhile. */
    private static final long DROPPED_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int TABLE_CACHE_BYTES = 1 << 20;
    /** Between two looks whether a merge in vain has ended, which it does after a segment. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final PackStore store;
    private final Packer.PackedLog log;
    private final Packer.Events events;
    private final MergePlan.Limits limits;
    /** Packs that couldn't be read whole, or whose merge was in vain, by their numbers: others are merged meanwhile. */
    private final Map<Long, Backoff> putOff = new HashMap<>();
    /** The merge that may have a file that isn't listed; null if there is none. */
    private volatile @Nullable Merging merging;

    Merger(PackStore store, Packer.PackedLog log, Packer.Events events, MergePlan.Limits limits) {
        this.store = store;
        this.log = log;
        this.events = events;
        this.limits = limits;
    }

    /** Merges once, if that is worth it and there is room. Returns whether it did. */
    synchronized boolean step(BooleanSupplier isStopped) throws IOException {
        putOff.keySet().retainAll(store.packs().stream().map(ListedPack::number).toList());
        Optional<MergePlan.Merge> first = next();
        if (first.isEmpty() || isStopped.getAsBoolean()) {
            return false;
        }
        return isMerged(first.get(), isStopped);
    }

    /** Returns when no thread merges any more; a thread that does has been told to stop. */
    synchronized void end() {
        // a thread that was in step() has left it
    }

    /** Returns when there is no file of a merge with packs that aren't listed any more: it may have what was erased from these. */
    void awaitVain() {
        for (Merging now = merging; now != null && now.isInVain() && !now.isOfCaller(); now = merging) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** A merge, while its file isn't listed. */
    private final class Merging {
        private final List<ListedPack> packs;
        private final Thread thread = Thread.currentThread();
        /** The manifest that listed all of the packs last. */
        private volatile Manifest listedBy;

        Merging(List<ListedPack> packs, Manifest listedBy) {
            this.packs = packs;
            this.listedBy = listedBy;
        }

        /** Whether one of the packs has gone. */
        boolean isInVain() {
            Manifest now = store.manifest();
            if (now.equals(listedBy)) {
                return false;
            }
            if (!areListed(packs, now)) {
                return true;
            }
            listedBy = now;
            return false;
        }

        boolean isOfCaller() {
            return thread.equals(Thread.currentThread());
        }
    }

    private static boolean areListed(List<ListedPack> packs, Manifest now) {
        return packs.stream().allMatch(pack -> now.pack(pack.number()).isPresent());
    }

    private Optional<MergePlan.Merge> next() {
        Manifest now = store.manifest();
        // what is in the tier stays as it is
        List<ListedPack> whole = now.packsInOrder().stream().filter(pack -> isTried(pack.number()) && !now.isInTier(pack)).toList();
        for (MergePlan.Merge merge : MergePlan.of(whole, log.nowMillis(), limits)) {
            if (store.hasRoomFor(merge.packs().stream().mapToLong(ListedPack::bytes).sum())) {
                return Optional.of(merge);
            }
        }
        return Optional.empty();
    }

    private boolean isTried(long number) {
        Backoff backoff = putOff.get(number);
        return backoff == null || backoff.isDue(System.nanoTime());
    }

    /** Taken under the lock: every pack that has a lower number is listed by this manifest, or never will be. See {@link Manifest#replaced}. */
    private record Begun(Manifest by, PackHeader header) {}

    /** Whether the packs were merged; false if one of them, or a part of a joined segment, has gone meanwhile. */
    private boolean isMerged(MergePlan.Merge merge, BooleanSupplier isStopped) throws IOException {
        Packing step = new Packing();
        List<ListedPack> packs = merge.packs();
        long nowMillis = log.nowMillis();
        Begun begun = store.whilePacking(() -> new Begun(store.manifest(), store.mergedFrom(merge, nowMillis, log.incarnation())));
        Manifest before = begun.by();
        PackHeader asTheyAre = begun.header();
        PackHeader header = MergePlan.isOver(merge.window(), nowMillis, limits) ? store.compressed(asTheyAre) : asTheyAre;
        Merging now = new Merging(packs, before);
        BooleanSupplier isOver = () -> isStopped.getAsBoolean() || now.isInVain();
        Optional<ListedPack> merged = Optional.empty();
        boolean isListed = false;
        merging = now;
        try {
            Optional<ListedPack> written = write(packs, header, before, isOver);
            merged = written;
            isListed = !isOver.getAsBoolean() && store.whilePacking(() -> isListed(packs, written, before));
        } catch (NoSuchFileException e) {
            // a sweep has deleted one of them: the next manifest tells
        } finally {
            try {
                if (!isListed) {
                    store.changes.discard(header.number());
                }
            } finally {
                merging = null;
            }
        }
        if (isListed && merged.isPresent()) {
            step.wrote(PackTask.MERGE, merged.get(), store.file(merged.get()));
            step.end(PackTask.MERGE, events);
            events.merged(merged.get(), store.file(merged.get()), packs);
        }
        return isListed;
    }

    /** Empty if none of their segments counts, or if the merge was stopped. */
    private Optional<ListedPack> write(List<ListedPack> packs, PackHeader header, Manifest manifest, BooleanSupplier isStopped)
            throws IOException {
        Queue<PackRun> runs = runs(packs);
        PackHeader ofAll = header.afterDamage(runs.stream().anyMatch(run -> run.pack().header().isAfterDamage()));
        try (PackWriter writer = store.write(ofAll)) {
            copy(runs, manifest, writer, isStopped);
            return writer.isEmpty() || isStopped.getAsBoolean() ? Optional.empty() : Optional.of(ListedPack.of(ofAll, writer.finish()));
        }
    }

    private boolean isListed(List<ListedPack> packs, Optional<ListedPack> merged, Manifest before) throws IOException {
        Manifest now = store.manifest();
        if (!areListed(packs, now)) {
            return false;
        }
        if (merged.isPresent() && isPartlyVoid(merged.get(), now.voidRangesSince(before))) {
            putOff(packs);
            return false;
        }
        store.replace(packs, merged.stream().toList(), before);
        return true;
    }

    /**
     * Whether a segment that the merge has joined with others doesn't count any more. Ranges cover whole segments: either this part would come back,
     * or the others would go with it. So the packs stay, and are merged again.
     */
    private boolean isPartlyVoid(ListedPack merged, List<VoidRange> since) throws IOException {
        if (since.isEmpty()) {
            return false;
        }
        // in the order of the table, so that each of its blocks is read once
        List<VoidRange> inOrder = since.stream().sorted(Comparator.comparing(VoidRange::key, StreamKey::compare)).toList();
        try (PackReader reader = PackReader.open(store.channels, store.file(merged), merged.number(), new BlockCache(TABLE_CACHE_BYTES))) {
            for (VoidRange range : inOrder) {
                if (reader.find(range.key()).stream().anyMatch(entry -> range.isWithin(entry.basePosition(), entry.endPosition()))) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Others are merged first: it may happen again. */
    private void putOff(List<ListedPack> packs) {
        packs.forEach(pack -> putOff.computeIfAbsent(pack.number(), unused -> new Backoff(DROPPED_NANOS)).failed(System.nanoTime()));
    }

    /** A walk through the segments of each pack, in the order of these. */
    private Queue<PackRun> runs(List<ListedPack> packs) throws IOException {
        Queue<PackRun> runs = new PriorityQueue<>();
        for (ListedPack pack : packs) {
            advance(pack.number(), () -> store.reader(pack).run(), runs);
        }
        return runs;
    }

    private void copy(Queue<PackRun> runs, Manifest manifest, PackWriter writer, BooleanSupplier isStopped) throws IOException {
        while (!runs.isEmpty() && !isStopped.getAsBoolean()) {
            PackRun run = runs.remove();
            PackEntry entry = run.entry();
            long number = run.pack().number();
            advance(number, () -> {
                if (!manifest.isVoid(entry.key(), entry.basePosition(), number)) {
                    run.copyTo(writer);
                }
                return run;
            }, runs);
        }
    }

    private void advance(long number, FileOperation<PackRun> step, Queue<PackRun> runs) throws IOException {
        try {
            PackRun run = step.run();
            if (run.next()) {
                runs.add(run);
            }
        } catch (IOException | RuntimeException e) {
            if (PackFailure.isOfPack(e)) {
                putOff.computeIfAbsent(number, unused -> new Backoff(RETRY_NANOS)).failed(System.nanoTime());
            }
            throw e;
        }
    }
}
