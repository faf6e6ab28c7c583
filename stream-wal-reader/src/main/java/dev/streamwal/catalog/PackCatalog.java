package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.pack.TableCache;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The segments that stand in packs, by key. Thread-safe. */
public final class PackCatalog {

    /** Where the manifest comes from: a file that another process writes, or the writer itself. */
    @FunctionalInterface
    public interface Manifests {
        /** As it is now; the same object as before where nothing has changed. */
        Manifest current() throws IOException;
    }

    /** A manifest changes a few times a window. */
    static final int MAX_ATTEMPTS = 100;

    /** Of some 100,000 streams. */
    private static final long TABLE_CACHE_BYTES = 8 << 20;

    private final Path root;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final Manifests manifests;
    private final TableCache tables = new TableCache(TABLE_CACHE_BYTES);
    private final Map<Long, PackReader> readers = new ConcurrentHashMap<>();

    /**
     * Of a log.
     *
     * @param footers what is kept of the log's footers
     */
    public PackCatalog(Path root, ChannelCache channels, FooterCache footers, Manifests manifests) {
        this.root = root;
        this.channels = channels;
        this.footers = footers;
        this.manifests = manifests;
    }

    /** Without packs: for who looks at files alone. */
    public static PackCatalog none(Path root) {
        return new PackCatalog(root, new ChannelCache(1), new FooterCache(), () -> Manifest.EMPTY);
    }

    /** Which packs there are; the same object as before where nothing has changed. */
    public Manifest manifest() throws IOException {
        return manifests.current();
    }

    /** The pack, whose end has been read. */
    public PackReader reader(ListedPack pack) throws IOException {
        PackReader known = readers.get(pack.number());
        if (known != null) {
            return known;
        }
        Path file = PackFiles.pack(root, pack.number());
        PackReader opened;
        try {
            opened = PackReader.open(channels, file, pack.number(), tables);
        } catch (NoSuchFileException e) {
            if (manifest().pack(pack.number()).isEmpty()) {
                throw e;
            }
            // files go after the manifest has said so
            throw new CorruptSegmentException("a pack is missing that the manifest lists, file=" + file + "; put it back from a copy of this log",
                    file, null, WalException.NO_POSITION, 0, pack.bytes(), e);
        }
        PackReader other = readers.putIfAbsent(pack.number(), opened);
        return other == null ? opened : other;
    }

    /** Something that is asked of the packs that there are at one time. */
    @FunctionalInterface
    public interface Look<T> {
        T at(Manifest manifest) throws IOException;
    }

    /** Asks again where packs have gone meanwhile. */
    public <T> T look(Look<T> look) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return look.at(manifest());
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** What a stream has in packs, as it was listed before; begins empty. Guarded by its owner. */
    static final class Known {
        private Map<Long, List<Segment>> byPack = new HashMap<>();
    }

    /**
     * The stream's segments in packs, as far as they count; in no particular order.
     *
     * @param known what was found before, and is found now
     * @throws NoSuchFileException where a pack has been deleted since: ask with the manifest that there is now
     */
    List<Segment> segments(StreamKey key, Manifest manifest, Known known, Segment.Moves moves) throws IOException {
        Map<Long, List<Segment>> found = new HashMap<>();
        List<Segment> counting = new ArrayList<>();
        for (ListedPack pack : manifest.packsInOrder()) {
            List<Segment> before = known.byPack.get(pack.number());
            List<Segment> all = before == null ? list(key, pack, moves) : before;
            if (!all.isEmpty()) {
                found.put(pack.number(), all);
                all.stream().filter(segment -> !manifest.isVoid(key, segment.basePosition(), pack.number())).forEach(counting::add);
            }
        }
        known.byPack = found;
        return counting;
    }

    private List<Segment> list(StreamKey key, ListedPack pack, Segment.Moves moves) throws IOException {
        PackReader reader;
        List<PackEntry> entries;
        try {
            reader = reader(pack);
            entries = reader.find(key);
        } catch (CorruptSegmentException e) {
            return List.of(new UnreadableFile(key, pack.expirationMillis(), PackFiles.pack(root, pack.number()), e));
        }
        List<Segment> segments = new ArrayList<>(entries.size());
        for (PackEntry entry : entries) {
            segments.add(new PackedSegment(key, this, reader, entry, footers, moves));
        }
        return segments;
    }

    /**
     * Adds the keys of streams that have a segment in a pack that counts.
     *
     * @param which packs are looked through
     * @param damage is told what can't be read of the packs' tables, in which more keys may be
     * @return the packs that there were
     */
    public Manifest addKeys(Predicate<ListedPack> which, Predicate<String> filter, Set<String> keys, Consumer<CorruptSegmentException> damage)
            throws IOException {
        return look(manifest -> {
            addKeys(manifest, which, filter, keys, damage);
            return manifest;
        });
    }

    private void addKeys(Manifest manifest, Predicate<ListedPack> which, Predicate<String> filter, Set<String> keys,
            Consumer<CorruptSegmentException> damage) throws IOException {
        for (ListedPack pack : manifest.packsInOrder()) {
            if (!which.test(pack)) {
                continue;
            }
            try {
                addKeys(reader(pack).walk(), pack, manifest, filter, keys, damage);
            } catch (CorruptSegmentException e) {
                damage.accept(e);
            }
        }
    }

    private static void addKeys(PackWalk walk, ListedPack pack, Manifest manifest, Predicate<String> filter, Set<String> keys,
            Consumer<CorruptSegmentException> damage) throws IOException {
        for (boolean more = true; more; ) {
            try {
                Optional<PackEntry> next = walk.next();
                next.filter(entry -> filter.test(entry.key().text()) && !manifest.isVoid(entry.key(), entry.basePosition(), pack.number()))
                        .ifPresent(entry -> keys.add(entry.key().text()));
                more = next.isPresent();
            } catch (CorruptSegmentException e) {
                // the walk goes on behind it
                damage.accept(e);
            }
        }
    }

    /** Lets go of packs that are gone. */
    public void keepOnly(Manifest manifest) {
        readers.values().removeIf(reader -> {
            boolean isGone = manifest.pack(reader.number()).isEmpty();
            if (isGone) {
                reader.close();
                channels.forget(reader.file());
            }
            return isGone;
        });
    }
}
