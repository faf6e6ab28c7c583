package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How much of each pack doesn't count any more. A void range names no pack: only the packs' tables say which packs have something in it. So the
 * streams of new ranges are looked up in the packs that are known, and the streams of all ranges in packs that are new; what was found before stays
 * as it is. A look costs what was deleted since the last one, not what there is. A pack that can't be read, or not all of it, is looked at again when
 * the manifest has changed. Thread-safe.
 */
final class VoidedSegments {

    private final PackCatalog catalog;

    /** The state that was looked at last. */
    @GuardedBy("this")
    private Manifest seen = Manifest.EMPTY;

    @GuardedBy("this")
    private Map<Long, Voided> byPack = Map.of();

    /** The numbers of packs that couldn't be read then. */
    @GuardedBy("this")
    private Set<Long> unread = Set.of();

    /**
     * What of a pack doesn't count.
     *
     * @param segments how many
     * @param bytes that they have in the pack's file
     */
    record Voided(long segments, long bytes) {

        static final Voided NOTHING = new Voided(0, 0);

        private Voided plus(Voided more) {
            return new Voided(segments + more.segments, bytes + more.bytes);
        }
    }

    /** @param isWhole false if a part of the table is damaged */
    private record Found(Voided voided, boolean isWhole) {

        static final Found NOTHING = new Found(Voided.NOTHING, true);
    }

    VoidedSegments(PackCatalog catalog) {
        this.catalog = catalog;
    }

    /**
     * What doesn't count by a manifest, or by a later one that was asked for before.
     *
     * @return by the packs' numbers; without packs in which nothing was found
     * @throws NoSuchFileException if a pack has been deleted since; nothing of this look is kept then
     */
    synchronized Map<Long, Voided> by(Manifest now) throws IOException {
        if (now.edits() <= seen.edits()) {
            return byPack;
        }
        Manifest before = seen;
        List<StreamKey> all = now.voidKeys();
        List<StreamKey> since = now.voidRangesSince(before).stream().map(VoidRange::key).distinct().sorted(StreamKey::compare).toList();
        Map<Long, Voided> sums = new HashMap<>();
        Set<Long> failed = new HashSet<>();
        for (ListedPack pack : now.packsInOrder()) {
            boolean isKnown = before.pack(pack.number()).isPresent() && !unread.contains(pack.number());
            Voided known = isKnown ? byPack.getOrDefault(pack.number(), Voided.NOTHING) : Voided.NOTHING;
            Voided more = Voided.NOTHING;
            try {
                Found found = now.mayHaveVoids(pack.number()) ? look(isKnown ? since : all, pack, isKnown ? before : Manifest.EMPTY, now) : Found.NOTHING;
                more = found.voided;
                if (!found.isWhole) {
                    failed.add(pack.number());
                }
            } catch (NoSuchFileException e) {
                throw e;
            } catch (IOException | WalException e) {
                if (!PackFailure.isOfTable(e)) {
                    throw e;
                }
                failed.add(pack.number());
            }
            if (known.segments() + more.segments() > 0) {
                sums.put(pack.number(), known.plus(more));
            }
        }
        seen = now;
        byPack = Map.copyOf(sums);
        unread = Set.copyOf(failed);
        return byPack;
    }

    /** @param before what doesn't count by this manifest was found before */
    private Found look(List<StreamKey> keys, ListedPack pack, Manifest before, Manifest now) throws IOException {
        long[] found = new long[2];
        boolean isWhole = catalog.find(keys, List.of(pack), (index, in, segment) -> {
            StreamKey key = keys.get(index);
            long base = segment.basePosition();
            if (now.isVoid(key, base, in.number()) && !before.isVoid(key, base, in.number())) {
                found[0]++;
                found[1] += segment.storedBytes();
            }
        });
        return new Found(new Voided(found[0], found[1]), isWhole);
    }
}
