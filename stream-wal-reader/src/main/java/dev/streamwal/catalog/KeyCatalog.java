package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.CoveredPack;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The catalogue of keys, interpreted by a manifest. The catalogue is a cache: for the packs that it covers it lists the keys, and for each key its
 * segments. Pure.
 *
 * <p><b>Why no segment is missed.</b> If the catalogue doesn't cover a listed pack, the pack's table is read. If it does, it has every segment of
 * the pack that counted when the catalogue was written. A pack never changes, and a void segment stays void as long as the pack is listed.
 *
 * <p><b>Why no deleted segment is shown.</b> A segment counts only if the manifest lists its pack, and the segment isn't void there.
 *
 * <p>Both hold for any catalogue file that is found. It is used only if its checksums are right, and only with the manifest that it was written by
 * or a newer one. It covers a pack only if the pack's number, length and segment count are those in the file. An older catalogue is as correct, and
 * covers less.
 */
public final class KeyCatalog {

    private final Manifest manifest;
    private final List<Optional<ListedPack>> packs;
    private final Set<Long> covered = new HashSet<>();

    /**
     * Interprets a catalogue by a manifest.
     *
     * @param packs that are covered
     * @param edits number of edits of the manifest by which the catalogue was written
     */
    public KeyCatalog(Manifest manifest, List<CoveredPack> packs, long edits) {
        this.manifest = manifest;
        List<Optional<ListedPack>> listed = new ArrayList<>();
        for (CoveredPack pack : edits > manifest.edits() ? List.<CoveredPack>of() : packs) {
            Optional<ListedPack> there = listed(pack, manifest);
            listed.add(there);
            if (there.isPresent()) {
                covered.add(there.get().number());
            }
        }
        this.packs = listed;
    }

    /** A catalogue that covers nothing. */
    static KeyCatalog none(Manifest manifest) {
        return new KeyCatalog(manifest, List.of(), 0);
    }

    private static Optional<ListedPack> listed(CoveredPack pack, Manifest manifest) {
        return manifest.pack(pack.number()).filter(listed -> listed.bytes() == pack.bytes() && listed.segments() == pack.segments());
    }

    /** The manifest that it is interpreted by. */
    Manifest manifest() {
        return manifest;
    }

    /** Whether it covers no pack. */
    public boolean isEmpty() {
        return covered.isEmpty();
    }

    /** Whether it has the keys of all packs that the manifest lists: there is no better catalogue for this manifest. */
    boolean coversAll() {
        return covered.size() == manifest.packsInOrder().size();
    }

    /** Whether it has the keys of a pack that the manifest lists. */
    public boolean covers(ListedPack pack) {
        return covered.contains(pack.number());
    }

    /** A covered pack by its index in the catalogue; empty if the manifest doesn't list it any more. */
    public Optional<ListedPack> pack(int pack) {
        return packs.get(pack);
    }

    /** Whether a segment of a key is still there. */
    public boolean counts(StreamKey key, int pack, long basePosition) {
        Optional<ListedPack> listed = packs.get(pack);
        return listed.isPresent() && !manifest.isVoid(key, basePosition, listed.get().number());
    }

    /** As {@link #counts(StreamKey, int, long)}. */
    public boolean counts(StreamKey key, CatalogedSegment segment) {
        return counts(key, segment.pack(), segment.basePosition());
    }
}
