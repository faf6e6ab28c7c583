package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.PackFacts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * The entry of the catalogue of keys for one key. It has all the key's segments that count in the packs that the catalogue covers, and none in other packs.
 * Immutable.
 */
public final class CatalogedKey {

    private final KeyCatalog catalog;
    private final IntFunction<PackFacts> facts;
    private final Map<Long, List<CatalogedSegment>> byPack = new HashMap<>();

    /** @param facts of the packs that the catalogue covers, by their indexes */
    CatalogedKey(StreamKey key, KeyCatalog catalog, List<CatalogedSegment> segments, IntFunction<PackFacts> facts) {
        this.catalog = catalog;
        this.facts = facts;
        for (CatalogedSegment segment : segments) {
            if (catalog.counts(key, segment)) {
                catalog.pack(segment.pack()).ifPresent(pack -> byPack.computeIfAbsent(pack.number(), number -> new ArrayList<>(1)).add(segment));
            }
        }
    }

    /** Whether the catalogue covers a pack. */
    public boolean covers(ListedPack pack) {
        return catalog.covers(pack);
    }

    /** The key's segments in a covered pack, in order of position. */
    public List<CatalogedSegment> in(ListedPack pack) {
        return byPack.getOrDefault(pack.number(), List.of());
    }

    /** Facts about the pack of one of these segments. */
    PackFacts pack(CatalogedSegment segment) {
        return facts.apply(segment.pack());
    }
}
