package dev.streamwal.packing;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.shared.SharedRun;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Moves the content of shared segments into packs, by window and key. The caller holds the packing lock.
 *
 * <p><b>Why nothing is lost.</b> A shared segment is packed once it has its footer and those before it are packed: so all of it is durable, and so is
 * what its streams have in earlier shared segments. What they have before it in segments of their own is forced first. The packs are durable before
 * the manifest lists them, and the same change of the manifest drops the shared segment; its file is deleted after that, at once or at the next
 * opening of the log.
 */
final class SharedPacker {

    /** Compressing a part takes microseconds, however short it is: parts that are shorter on average are merged first. */
    private static final long MIN_COMPRESSED_BYTES = 2 << 10;

    private final PackStore store;
    private final Packer.PackedLog log;
    private final long optionsHash;

    SharedPacker(PackStore store, Packer.PackedLog log, long optionsHash) {
        this.optionsHash = optionsHash;
        this.store = store;
        this.log = log;
    }

    /** Packs the oldest shared segment that can be packed; empty if there is none. */
    Optional<List<ListedPack>> packOldest() throws IOException {
        deletePacked();
        Optional<SharedSegment> found = store.oldestShared();
        if (found.isEmpty()) {
            return Optional.empty();
        }
        SharedSegment oldest = found.get();
        log.forceOwnSegments();
        List<ListedPack> packs = new ArrayList<>();
        List<SharedRun> runs = oldest.runs();
        if (!runs.isEmpty()) {
            try (HeldFile file = HeldFile.of(oldest.file(), store.channels())) {
                for (SharedRun run : runs) {
                    packs.add(write(run, file));
                }
            }
        }
        if (oldest.damage().isPresent()) {
            log.setAside(oldest.file().file());
        }
        if (!store.isInherited(oldest)) {
            packs.forEach(pack -> store.isOfThisWriter(pack.number()));
        }
        store.addPacked(packs, oldest.file().basePosition() + 1);
        deletePacked();
        return Optional.of(packs);
    }

    private ListedPack write(SharedRun run, HeldFile file) throws IOException {
        boolean isByOptions = log.policyOfAll().map(policy -> isByOptions(run, policy))
                .orElseGet(() -> run.isOfAll(key -> isByOptions(run, log.policyOf(key))));
        long nowMillis = log.nowMillis();
        PackHeader asTheyAre = new PackHeader(store.newNumber(), run.window(), run.expirationMillis(),
                isByOptions ? optionsHash : ListedPack.OTHER_OPTIONS, 0, nowMillis, log.incarnation());
        boolean isFinal = run.window().endMillis() <= nowMillis && run.dataBytes() >= run.parts() * MIN_COMPRESSED_BYTES;
        PackHeader header = isFinal ? store.compressed(asTheyAre) : asTheyAre;
        try (PackWriter writer = store.write(header)) {
            run.copyTo(writer::add, file);
            return PackSweep.listed(header, writer.finish());
        }
    }

    private static boolean isByOptions(SharedRun run, StreamPolicy policy) {
        return Packer.isByOptions(run.window(), run.expirationMillis(), policy);
    }

    /** Deletes the files of shared segments that are in packs. */
    private void deletePacked() throws IOException {
        StreamLog shared = log.sharedLog();
        OptionalLong below = shared.condemnUpTo(store.manifest().sharedBelow() - 1);
        if (below.isEmpty()) {
            return;
        }
        DeletionLog.Kept kept = log.deletions().deletedBelow(List.of(new DeletionLog.DeletedBelow(shared.key(), below.getAsLong())));
        try {
            shared.deletePacked(below.getAsLong());
        } finally {
            kept.close();
        }
    }
}
