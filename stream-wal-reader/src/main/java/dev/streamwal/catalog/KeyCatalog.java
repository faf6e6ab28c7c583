package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.pack.CoveredPack;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the catalogue of keys is worth beside a manifest. It is a cache: it says of some packs, which it covers, which keys they have, and of each key
 * where its newest segment is. Pure.
 *
 * <p><b>Why no key is missed.</b> A key has something in packs where a pack that the manifest lists has a segment of it that isn't void. Where the
 * catalogue doesn't cover that pack, its table is read. Where it does, the segment counted when the catalogue was written: a pack never changes, and
 * what is void stays so as long as the pack is listed. So the catalogue has the key. Then its entry {@link Verdict#COUNTS}, or it is looked for in the
 * packs' tables, or it is known to have {@link Verdict#NOTHING}, which is that a deletion from the stream's beginning on takes the newest segment
 * that counted, and so all of them, in all covered packs.
 *
 * <p><b>Why none is shown that has nothing.</b> An entry only counts where the manifest lists the pack and the segment isn't void there.
 *
 * <p>That is so whatever file is found: it is believed where its checksums are right, it says by which manifest it was written, and isn't used with an
 * older one; a pack is covered where it has the number, the length and the segments that the file says. A file from before is as good, and covers less.
 */
public final class KeyCatalog {

    /** What an entry says of its key. */
    public enum Verdict {
        /** The key has a segment there. */
        COUNTS,
        /** It has none in the packs that are covered. */
        NOTHING,
        /** It may have some in another of these. */
        UNKNOWN
    }

    private final Manifest manifest;
    private final List<Optional<ListedPack>> packs;
    private final Set<Long> covered = new HashSet<>();
    private final long highest;

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
        this.highest = covered.stream().mapToLong(number -> number).max().orElse(0);
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

    /** Of one of those that it covers, and that the manifest lists. */
    public long number(int pack) {
        return packs.get(pack).orElseThrow(() -> new IllegalStateException("the pack isn't listed: pack=" + pack)).number();
    }

    /** What an entry says. */
    public Verdict judge(StreamKey key, int pack, long basePosition) {
        Optional<ListedPack> listed = packs.get(pack);
        if (listed.isPresent() && !manifest.isVoid(key, basePosition, listed.get().number())) {
            return Verdict.COUNTS;
        }
        return manifest.voidRanges(key).stream().anyMatch(range -> takesAll(range, basePosition)) ? Verdict.NOTHING : Verdict.UNKNOWN;
    }

    private boolean takesAll(VoidRange range, long newestBase) {
        return range.from() == 0 && newestBase < range.to() && highest < range.packsBelow();
    }
}
