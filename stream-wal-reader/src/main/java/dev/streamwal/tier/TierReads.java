package dev.streamwal.tier;

import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.LogTier;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.BlockCache;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Reads packs that are in a log's tier, with a cache. Thread-safe. */
public final class TierReads {

    private final boolean isRefusing;
    private final @Nullable Path given;
    private final Path root;
    private final BlockCache cache;
    private final Map<Long, Known> packs = new ConcurrentHashMap<>();
    private volatile @Nullable Folder folder;

    private record Known(TierObject object, PackInTier pack) {}

    private record Folder(String location, TierFolder folder) {}

    /**
     * @param given the tier's folder; null for the place that the manifest names, if that is in a file system of the log's kind
     * @param root of the log
     * @param cacheBytes limit of the memory for bytes that were read
     */
    public TierReads(@Nullable Path given, Path root, long cacheBytes) {
        this(false, given, root, cacheBytes);
    }

    private TierReads(boolean isRefusing, @Nullable Path given, Path root, long cacheBytes) {
        this.isRefusing = isRefusing;
        this.given = given;
        this.root = root;
        this.cache = new BlockCache(cacheBytes);
    }

    /** Refuses every read, for callers that must not wait for a tier. */
    public static TierReads refusing(Path root) {
        return new TierReads(true, null, root, 0);
    }

    /** The bytes of a pack. The tier is asked by the first read, not by this call. */
    public SegmentBytes pack(LogTier tier, ListedPack pack, TierObject object) throws TierFailure {
        if (isRefusing) {
            throw new TierFailure("pack is in the log's tier, and has to be fetched from it first", tier.location(), TierNames.pack(pack.number(), object),
                    "try again", null);
        }
        Known known = packs.get(pack.number());
        if (known == null || !known.object.equals(object)) {
            known = new Known(object, new PackInTier(folder(tier, TierNames.pack(pack.number(), object)), cache,
                    new ChunkChecksums.Owner(tier.id(), pack.number(), object.nonce(), pack.bytes()), object));
            packs.put(pack.number(), known);
        }
        return known.pack;
    }

    private TierFolder folder(LogTier tier, String object) throws TierFailure {
        Folder known = folder;
        if (known == null || !known.location.equals(tier.location())) {
            Optional<Path> path = given == null ? TierLocation.follow(tier.location(), root) : Optional.of(given);
            known = new Folder(tier.location(), new TierFolder(path.orElseThrow(() -> new TierFailure(
                    "data is in the log's tier, and no tier was given", tier.location(), object, "give it, by the options of the reader or the log", null))));
            folder = known;
        }
        return known.folder;
    }

    /** Forgets packs that the manifest doesn't have in the tier. */
    public void keepOnly(Manifest manifest) {
        packs.keySet().removeIf(number -> manifest.object(number).isEmpty());
    }
}
