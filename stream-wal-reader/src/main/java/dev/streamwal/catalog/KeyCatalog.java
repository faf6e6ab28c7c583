package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.CoveredPack;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the catalogue of keys is worth beside a manifest. It is a cache: it says of some packs, which it covers, which keys they have, and of each key
 * where its segments are. Pure.
 *
 * <p><b>Why no segment is missed.</b> Where the catalogue doesn't cover a pack that the manifest lists, the pack's table is read. Where it does, it has
 * every segment of the pack that counted when the catalogue was written: a pack never changes, and what is void stays so as long as the pack is listed.
 *
 * <p><b>Why none is shown that has gone.</b> A segment only counts where the manifest lists its pack and it isn't void there.
 *
 * <p>That is so whatever file is found: it is believed where its checksums are right, it says by which manifest it was written, and isn't used with an
 * older one; a pack is covered where it has the number, the length and the segments that the file says. A file from before is as good, and covers less.
 */
public final class KeyCatalog {

    private final Manifest manifest;
    private final List<Optional<ListedPack>> packs;
    private final Set<Long> covered = new HashSet<>();

    /**
     * Of a manifest.
     *
     * @param packs that are covered
     * @param edits changes of the manifest by which it was written
     */
    public KeyCatalog(Manifest manifest, List<CoveredPack> packs, long edits) {
        this.manifest = manifest;
        this.packs = edits > manifest.edits() ? List.of() : packs.stream().map(pack -> listed(pack, manifest)).toList();
        this.packs.forEach(pack -> pack.ifPresent(there -> covered.add(there.number())));
    }

    /** One that covers nothing. */
    static KeyCatalog none(Manifest manifest) {
        return new KeyCatalog(manifest, List.of(), 0);
    }

    private static Optional<ListedPack> listed(CoveredPack pack, Manifest manifest) {
        return manifest.pack(pack.number()).filter(listed -> listed.bytes() == pack.bytes() && listed.segments() == pack.segments());
    }

    /** Beside which it stands. */
    Manifest manifest() {
        return manifest;
    }

    /** Whether it is of no use. */
    public boolean isEmpty() {
        return covered.isEmpty();
    }

    /** Whether it has the keys of a pack that the manifest lists. */
    public boolean covers(ListedPack pack) {
        return covered.contains(pack.number());
    }

    /** Those that it covers, and that the manifest lists. */
    public List<ListedPack> listed() {
        return packs.stream().flatMap(Optional::stream).toList();
    }

    /** One of those that it covers; empty where the manifest doesn't list it any more. */
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
