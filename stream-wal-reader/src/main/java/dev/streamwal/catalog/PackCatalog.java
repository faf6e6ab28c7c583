package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.LogFile;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.KeyCatalogReader;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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
     * Adds the keys of streams that have a segment in a pack that counts, by the packs' tables. What of these can't be read is left out.
     *
     * @param which packs are looked through
     * @return the packs that there were
     */
    public Manifest addKeys(Predicate<ListedPack> which, Predicate<String> filter, Set<String> keys) throws IOException {
        return look(manifest -> {
            addKeys(manifest, which, filter, keys, damage -> { });
            return manifest;
        });
    }

    /** What can't be read of the packs' tables. */
    public List<CorruptSegmentException> damagedTables() throws IOException {
        List<CorruptSegmentException> damage = new ArrayList<>();
        return look(manifest -> {
            damage.clear();
            addKeys(manifest, pack -> true, key -> false, new HashSet<>(), damage::add);
            return damage;
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
                more = walk.isNext();
                if (more) {
                    StreamKey key = walk.streamKey();
                    if (filter.test(key.text()) && !manifest.isVoid(key, walk.basePosition(), pack.number())) {
                        keys.add(key.text());
                    }
                }
            } catch (CorruptSegmentException e) {
                // the walk goes on behind it
                damage.accept(e);
            }
        }
    }

    /**
     * Adds the keys of streams that have a segment in a pack that counts: those that the catalogue of keys has, and of packs that it doesn't cover
     * by their tables. What of these can't be read is left out.
     */
    public void addKeys(Predicate<String> filter, Set<String> keys) throws IOException {
        boolean unused = look(now -> {
            List<StreamKey> unknown = new ArrayList<>();
            KeyCatalog catalog = channels.makingRoom(() -> addCataloged(filter, keys, unknown));
            Manifest manifest = catalog.manifest();
            addKeys(manifest, pack -> !catalog.covers(pack), filter, keys, damage -> { });
            unknown.removeIf(key -> keys.contains(key.text()));
            find(unknown, catalog.listed(), (key, pack, base) -> {
                if (!manifest.isVoid(unknown.get(key), base, pack.number())) {
                    keys.add(unknown.get(key).text());
                }
            }, (pack, damage) -> { });
            return true;
        });
    }

    /** @param unknown gets the keys that are to be looked for in the packs that are covered */
    private KeyCatalog addCataloged(Predicate<String> filter, Set<String> keys, List<StreamKey> unknown) throws IOException {
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            return file.ask(open -> {
                unknown.clear();
                KeyCatalogReader reader = new KeyCatalogReader(open, file.path());
                // behind the file: so it isn't older
                KeyCatalog catalog = new KeyCatalog(manifest(), reader.packs(), reader.edits());
                KeyCatalogReader.Walk walk = reader.walk();
                while (!catalog.isEmpty() && walk.next()) {
                    StreamKey key = walk.key();
                    if (filter.test(key.text())) {
                        KeyCatalog.Verdict verdict = catalog.judge(key, walk.pack(), walk.basePosition());
                        if (verdict == KeyCatalog.Verdict.COUNTS) {
                            keys.add(key.text());
                        } else if (verdict == KeyCatalog.Verdict.UNKNOWN) {
                            unknown.add(key);
                        }
                    }
                }
                return catalog;
            });
        } catch (NoSuchFileException | CorruptSegmentException e) {
            // a cache
            unknown.clear();
            return KeyCatalog.none(manifest());
        }
    }

    /** Told of segments that were found. */
    @FunctionalInterface
    public interface Found {

        /** @param key which of those that were looked for */
        void at(int key, ListedPack pack, long basePosition);
    }

    /** Told what can't be read of a pack's table. */
    @FunctionalInterface
    public interface Damage {
        void of(ListedPack pack, CorruptSegmentException damage);
    }

    /**
     * Looks for segments of some keys. Of each pack table blocks are read at most once, and only those that may have one of the keys.
     *
     * @param keys in the order of their unsigned bytes
     * @throws NoSuchFileException where a pack has been deleted since
     */
    public void find(List<StreamKey> keys, List<ListedPack> packs, Found found, Damage damage) throws IOException {
        for (ListedPack pack : keys.isEmpty() ? List.<ListedPack>of() : packs) {
            try {
                PackWalk walk = reader(pack).walk();
                int next = 0;
                while (next < keys.size()) {
                    try {
                        byte[] utf8 = keys.get(next).utf8();
                        for (boolean more = walk.seek(utf8); more && walk.compareKey(utf8) == 0; more = walk.isNext()) {
                            found.at(next, pack, walk.basePosition());
                        }
                        next++;
                    } catch (CorruptSegmentException e) {
                        // the walk goes on behind it
                        damage.of(pack, e);
                    }
                }
            } catch (CorruptSegmentException e) {
                damage.of(pack, e);
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
