package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.CatalogedSegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the catalogue of keys says of a key: of the packs that it covers all that counts there, of others nothing. Immutable. */
public final class CatalogedKey {

    private final KeyCatalog catalog;
    private final Map<Long, List<CatalogedSegment>> byPack = new HashMap<>();

    CatalogedKey(StreamKey key, KeyCatalog catalog, List<CatalogedSegment> segments) {
        this.catalog = catalog;
        for (CatalogedSegment segment : segments) {
            if (catalog.counts(key, segment)) {
                catalog.pack(segment.pack()).ifPresent(pack -> byPack.computeIfAbsent(pack.number(), number -> new ArrayList<>(1)).add(segment));
            }
        }
    }

    /** Whether it is known what the key has in a pack. */
    public boolean covers(ListedPack pack) {
        return catalog.covers(pack);
    }

    /** What the key has in a pack that is covered, in order of position. */
    public List<CatalogedSegment> in(ListedPack pack) {
        return byPack.getOrDefault(pack.number(), List.of());
    }
}
