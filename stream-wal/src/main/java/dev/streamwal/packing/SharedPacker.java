package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.BadSectors;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedBatch;
import dev.streamwal.shared.SharedRun;
import dev.streamwal.storage.SegmentStorage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Moves the content of shared segments into packs, by window and key. The caller holds the packing lock.
 *
 * <p><b>Why nothing is lost.</b> A shared segment is packed once it has its footer, together with the shared segments before it, or after them. So
 * all of it is durable, and so is what its streams have in earlier shared segments. What the streams have before it in segments of their own is
 * forced first. The packs are durable before the manifest lists them, and the same change of the manifest drops the shared segments; their files are
 * deleted after that, at once or at the next opening of the log.
 */
final class SharedPacker {

    /** Compressing a part takes microseconds, however short it is: parts that are shorter on average are merged first. */
    private static final long MIN_COMPRESSED_BYTES = 2 << 10;

    private final PackStore store;
    private final SegmentStorage storage;
    private final Packer.PackedLog log;
    private final long optionsHash;
    /** Damaged segments that were set aside, and not packed yet. */
    private final Set<Path> copied = new HashSet<>();
    /**
     * Whether something damaged was left out of packs since the log was opened. A stream whose last record was left out shows the gap in a later batch
     * only.
     */
    private boolean isAfterDamage;
    /** Segments in which a pass has met a sector that the disk can't read. */
    private final Set<Path> unreadable = new HashSet<>();

    SharedPacker(PackStore store, SegmentStorage storage, Packer.PackedLog log, long optionsHash) {
        this.storage = storage;
        this.optionsHash = optionsHash;
        this.store = store;
        this.log = log;
    }

    /**
     * Packs the oldest shared segments that can be packed, as many as make a batch; empty if there is none. If that fails, the next pass writes other
     * packs.
     */
    Optional<List<ListedPack>> packOldest() throws IOException {
        deletePacked();
        List<ListedPack> packs = new ArrayList<>();
        boolean areListed = false;
        try {
            SharedBatch batch;
            try (HeldFiles files = new HeldFiles(storage, unreadable::contains)) {
                batch = batch(files);
                if (batch.segments().isEmpty()) {
                    return Optional.empty();
                }
                log.forceOwnSegments();
                // first: if the quarantine has no room, nothing is written in vain
                setAside(batch.damaged());
                write(batch, packs);
            }
            if (!batch.damaged().isEmpty()) {
                store.ends.inheritedIsDamaged();
            }
            list(packs, batch);
            areListed = true;
        } finally {
            if (!areListed) {
                for (ListedPack pack : packs) {
                    store.changes.discard(pack.number());
                }
            }
        }
        // after unmapping: not every system deletes a file that is mapped
        deletePacked();
        return Optional.of(packs);
    }

    private SharedBatch batch(HeldFiles files) throws IOException {
        SharedBatch batch = new SharedBatch(store.channels, files, isAfterDamage);
        StreamLog shared = log.sharedLog();
        List<Segment> segments = store.places.sharedSegments();
        for (int i = 0; i < segments.size() && !batch.isFull() && files.hasRoom(); i++) {
            Segment next = segments.get(i);
            boolean isOfOtherWriter = store.ends.isInherited(next) != store.ends.isInherited(segments.get(0));
            // for the oldest alone there is room: see SharedLog
            boolean hasRoom = i == 0 || store.hasRoomFor(batch.bytes() + Files.size(next.file()));
            if (isOfOtherWriter || !hasRoom || !add(batch, next, shared.isComplete(next.basePosition()))) {
                break;
            }
        }
        store.manifest().voidRanges().forEach(range -> batch.cut(range.key(), range.from(), range.to()));
        return batch;
    }

    /**
     * A sector that the disk can't read now may be readable a moment later. So only the next pass packs the segment without what stands there; this
     * pass packs the segments before it, or fails.
     */
    private boolean add(SharedBatch batch, Segment next, boolean isComplete) throws IOException {
        try {
            if (isComplete && !unreadable.contains(next.file())) {
                HeldFile.checkEnds(next.file());
            }
        } catch (IOException e) {
            note(next, e);
            if (batch.segments().isEmpty() || !BadSectors.isOfSector(e)) {
                throw e;
            }
            return false;
        }
        try {
            return batch.add(next, isComplete);
        } catch (IOException e) {
            // the batch has a part of it, and can't be packed
            note(next, e);
            throw e;
        }
    }

    private void note(Segment segment, IOException failure) {
        if (BadSectors.isOfSector(failure)) {
            unreadable.add(segment.file());
        }
    }

    /** Copies damaged segments, each once, however often it takes until they are packed. */
    private void setAside(Map<Segment, CorruptSegmentException> damaged) throws IOException {
        for (Map.Entry<Segment, CorruptSegmentException> each : damaged.entrySet()) {
            Path file = each.getKey().file();
            if (unreadable.contains(file) && HeldFile.canBeRead(file)) {
                unreadable.remove(file);
                throw new IOException("a shared segment couldn't be read for a while, and can be now: file=" + file + "; the next pass packs it");
            }
            if (!copied.contains(file)) {
                log.setAside(file, each.getValue());
                copied.add(file);
            }
        }
    }

    /** Has the packs count in place of the shared segments. */
    private void list(List<ListedPack> packs, SharedBatch batch) throws IOException {
        Segment newest = batch.segments().get(batch.segments().size() - 1);
        if (!store.ends.isInherited(newest)) {
            packs.forEach(pack -> store.ends.isOfThisWriter(pack.number()));
        }
        store.addPacked(packs, newest.basePosition() + 1);
        isAfterDamage |= !batch.damaged().isEmpty();
        copied.clear();
        batch.segments().forEach(segment -> unreadable.remove(segment.file()));
    }

    private void write(SharedBatch batch, List<ListedPack> packs) throws IOException {
        List<SharedRun> runs = batch.runs();
        Map<SharedRun.Span, Long> hashes = new HashMap<>();
        runs.forEach(run -> hashes.put(run.span(), isByOptions(run) ? optionsHash : ListedPack.OTHER_OPTIONS));
        RunPlan plan = RunPlan.of(hashes, log.nowMillis(), log.shortestWindowMillis());
        for (SharedRun run : plan.joinsAny() ? batch.runs(plan::packOf) : runs) {
            store.checkGoesOn();
            write(run, plan.optionsHash(run.span()), packs);
        }
    }

    private boolean isByOptions(SharedRun run) {
        Predicate<StreamPolicy> isOf = policy -> Packer.isByOptions(run.window(), run.expirationMillis(), policy);
        return log.policyOfAll().map(isOf::test).orElseGet(() -> run.isOfAll(key -> isOf.test(log.policyOf(key))));
    }

    private void write(SharedRun run, long hash, List<ListedPack> packs) throws IOException {
        long nowMillis = log.nowMillis();
        boolean isFinal = run.window().endMillis() <= nowMillis && run.dataBytes() >= run.parts() * MIN_COMPRESSED_BYTES;
        Supplier<PackHeader> headers = () -> {
            PackHeader asTheyAre = new PackHeader(store.numbers.next(), run.window(), run.expirationMillis(),
                    hash, 0, nowMillis, log.incarnation()).afterDamage(run.isAfterDamage());
            return isFinal ? store.compressed(asTheyAre) : asTheyAre;
        };
        try (PacksOfRun target = new PacksOfRun(headers, packs)) {
            run.copyTo(target);
            target.finish();
        }
    }

    /** Writes a run to one pack, or to several if its keys take more room than a pack's table has. */
    private final class PacksOfRun implements SharedRun.Target, Closeable {

        private final Supplier<PackHeader> headers;
        private final List<ListedPack> finished;
        private PackHeader header;
        private PackWriter writer;

        PacksOfRun(Supplier<PackHeader> headers, List<ListedPack> finished) throws IOException {
            this.headers = headers;
            this.finished = finished;
            this.header = headers.get();
            this.writer = store.write(header);
        }

        @Override
        public void add(SegmentHeader segment, ByteBuffer frames, boolean areRecords) throws IOException {
            if (writer.isFull()) {
                finish();
                header = headers.get();
                writer = store.write(header);
            }
            writer.add(segment, frames, areRecords);
        }

        /** Finishes the current pack. */
        void finish() throws IOException {
            finished.add(ListedPack.of(header, writer.finish()));
            writer.close();
        }

        @Override
        public void close() throws IOException {
            writer.close();
        }
    }

    /** Deletes the files of shared segments that are in packs. */
    private void deletePacked() throws IOException {
        StreamLog shared = log.sharedLog();
        OptionalLong below = shared.condemnUpTo(store.manifest().sharedBelow() - 1);
        if (below.isEmpty()) {
            return;
        }
        Deletion.Kept kept = log.deletions().deletedBelow(List.of(new Deletion.Below(shared.key(), below.getAsLong())));
        try {
            boolean unused = shared.deleteBelow(below.getAsLong(), gone -> {});
        } finally {
            kept.close();
        }
    }
}
