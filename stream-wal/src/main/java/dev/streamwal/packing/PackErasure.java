package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BytesInMemory;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.recovery.RecordErasure;
import dev.streamwal.recovery.RecordErasure.Erased;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Erases records of a range of time from packs. A pack that has such records is written anew without them; one change of the manifest lists the new
 * pack and no more the old one, whose file is deleted after that. So at every moment, and after every crash, a pack counts as a whole, with the
 * records or without. Readers that miss the old file find the segments in the new one, at the same positions. A merge of the old pack that was begun
 * before comes to nothing, because the old pack isn't listed any more. One use.
 *
 * <p>A new pack doesn't have what was deleted in the old one either: data of the keys that doesn't count any more, but isn't overwritten, goes in the
 * same way.
 *
 * <p>A pack in the log's tier that may have such records is fetched first, by its table, which is in the log's directory.
 */
public final class PackErasure {

    private final PackStore store;
    private final Predicate<String> keys;
    private final TimeRange range;
    private final StreamLog.ErasedFrom each;
    private final Consumer<WalException> refused;
    private final Predicate<IOException> ofLog;
    /** Packs that have no such record, or can't be read. */
    private final Set<Long> done = new HashSet<>();
    private @Nullable ListedPack toFetch;

    /**
     * @param keys of the streams
     * @param each receives every stream with erased records, and the pack that is without them
     * @param refused receives why a pack can't be read whole, written anew, or fetched from the tier: it is left as it is; and why the file of one that isn't
     *     listed any more can't be deleted
     * @param ofLog tells failures of the log, after which no other pack can be written
     */
    public PackErasure(PackStore store, Predicate<String> keys, TimeRange range, StreamLog.ErasedFrom each, Consumer<WalException> refused,
            Predicate<IOException> ofLog) {
        this.store = store;
        this.keys = keys;
        this.range = range;
        this.each = each;
        this.refused = refused;
        this.ofLog = ofLog;
    }

    /**
     * Goes through all packs, also those that other threads make of them meanwhile. A pack that can't be read or written doesn't keep others from
     * being written anew.
     */
    public void run() throws IOException {
        List<ListedPack> fetched = new ArrayList<>();
        try {
            for (boolean isAnyLeft = true; isAnyLeft; ) {
                isAnyLeft = store.whilePacking(this::next);
                ListedPack wanted = toFetch;
                if (wanted != null) {
                    toFetch = null;
                    fetched.add(wanted);
                    fetch(wanted);
                }
            }
        } finally {
            fetched.forEach(store::release);
        }
        Optional<IOException> notDeleted = store.notDeleted();
        if (notDeleted.isPresent()) {
            // the records are in no listed pack, but still in that file
            refused(notDeleted.get(), null);
        }
    }

    /** Leaves nothing of the old packs in the tier, unless it refuses something. */
    public void tidy() throws IOException {
        try {
            store.tidyTier();
        } catch (TierFailure e) {
            refused(e, null);
        }
    }

    private void fetch(ListedPack pack) throws IOException {
        try {
            store.fetch(pack);
        } catch (IOException e) {
            done.add(pack.number());
            refused(e, pack);
        }
    }

    private void refused(IOException why, @Nullable ListedPack pack) throws IOException {
        if (ofLog.test(why)) {
            throw why;
        }
        String task = why instanceof TierFailure ? "erasing records in the log's tier" : "erasing records in a pack";
        refused.accept(IoFailure.of(task, why, pack == null ? null : store.file(pack), null, WalException.NO_POSITION));
    }

    /** Whether there was a pack to look through. */
    private boolean next() throws IOException {
        Optional<ListedPack> next = store.packs().stream().filter(pack -> !done.contains(pack.number())).findFirst();
        if (next.isEmpty()) {
            return false;
        }
        done.add(next.get().number());
        try {
            if (store.manifest().isInTier(next.get()) && store.isAny(next.get(), this::mayHaveAny)) {
                // without the lock
                toFetch = next.get();
                done.remove(next.get().number());
            } else {
                erase(next.get());
            }
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            refused.accept(e);
        } catch (IOException e) {
            refused(e, next.get());
        }
        return true;
    }

    private void erase(ListedPack pack) throws IOException {
        PackReader reader = store.reader(pack);
        List<PackEntry> kept = new ArrayList<>();
        Map<PackEntry, Erased> erasedFrom = new HashMap<>();
        boolean isAny = false;
        PackWalk walk = reader.walk();
        while (walk.next()) {
            store.checkGoesOn();
            PackEntry entry = walk.entry();
            boolean counts = store.counts(pack, entry);
            if (counts) {
                kept.add(entry);
            }
            if (mayHaveAny(entry)) {
                Erased erased = counts ? count(reader, entry) : Erased.NOTHING;
                isAny |= !counts || erased.records() > 0;
                if (erased.records() > 0) {
                    erasedFrom.put(entry, erased);
                }
            }
        }
        if (isAny) {
            replace(pack, reader, kept, erasedFrom);
        }
    }

    private boolean mayHaveAny(PackEntry entry) {
        return entry.records() > 0 && range.overlaps(entry.smallestMillis(), entry.largestMillis()) && keys.test(entry.key().text());
    }

    private Erased count(PackReader reader, PackEntry entry) throws IOException {
        try (PackedBytes bytes = reader.open(entry)) {
            return RecordErasure.count(bytes, reader.segmentHeader(entry), reader.file(), entry.dataEnd(), range);
        }
    }

    private void replace(ListedPack pack, PackReader reader, List<PackEntry> kept, Map<PackEntry, Erased> erasedFrom) throws IOException {
        if (kept.isEmpty()) {
            store.replace(List.of(pack), List.of(), store.manifest());
            return;
        }
        ListedPack written = store.writtenInPlaceOf(reader, writer -> {
            for (PackEntry entry : kept) {
                store.checkGoesOn();
                if (erasedFrom.containsKey(entry)) {
                    writer.add(reader.segmentHeader(entry), entry.dataEnd(), without(reader, entry));
                } else {
                    writer.add(reader, entry);
                }
            }
        });
        store.replace(List.of(pack), List.of(written), store.manifest());
        done.add(written.number());
        Map<StreamKey, Erased> byKey = new HashMap<>();
        erasedFrom.forEach((entry, erased) -> byKey.merge(entry.key(), erased, Erased::plus));
        byKey.forEach((key, erased) -> each.erased(key, store.file(written), erased));
    }

    private SegmentBytes without(PackReader reader, PackEntry entry) throws IOException {
        SegmentHeader header = reader.segmentHeader(entry);
        byte[] all = new byte[entry.dataEnd()];
        try (PackedBytes bytes = reader.open(entry)) {
            int unused = bytes.read(ByteBuffer.wrap(all), 0);
            Erased unusedCount = RecordErasure.erase(bytes, header, reader.file(), entry.dataEnd(), range,
                    (offset, frame) -> frame.get(0, all, (int) offset, frame.capacity()));
        }
        return new BytesInMemory(0, ByteBuffer.wrap(all));
    }
}
