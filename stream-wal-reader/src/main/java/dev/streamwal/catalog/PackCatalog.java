package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SharedFile;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.BlockCache;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.KeyCatalogReader;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFacts;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The segments in packs, by key. Thread-safe. */
public final class PackCatalog {

    /** A manifest changes a few times a window. */
    static final int MAX_ATTEMPTS = 100;

    /** The second attempt opens the file anew. */
    private static final int KEYS_ATTEMPTS = 2;

    /** Enough for some 100,000 streams. */
    private static final long TABLE_CACHE_BYTES = 8 << 20;

    private final Path root;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final FileOperation<Manifest> manifests;
    private final FileOperation<Manifest> manifestsAnew;
    private volatile Manifest earlier = Manifest.EMPTY;
    private final TierReads tier;
    private final boolean isOfTierAlone;
    private final BlockCache tables = new BlockCache(TABLE_CACHE_BYTES);
    private final BlockCache frames;
    private final Map<Long, PackReader> readers = new ConcurrentHashMap<>();
    private final AtomicInteger tableDamages = new AtomicInteger();
    private volatile @Nullable OpenKeys keys;

    /**
     * The packs of a log.
     *
     * @param footers cache of the log's footers
     * @param blockCacheBytes memory for unpacked blocks of packs; 0 for none
     * @param manifests gives the present manifest; the same object as before if it is unchanged
     * @param tier reads what is in the log's tier
     */
    public PackCatalog(Path root, ChannelCache channels, FooterCache footers, long blockCacheBytes, FileOperation<Manifest> manifests, TierReads tier) {
        this(root, channels, footers, blockCacheBytes, manifests, manifests, tier, false);
    }

    /**
     * As the public one.
     *
     * @param manifestsAnew gives the present manifest, even if looking for it takes long
     * @param isOfTierAlone whether the log exists only in its tier: then the packs' tables are there, too
     */
    PackCatalog(Path root, ChannelCache channels, FooterCache footers, long blockCacheBytes, FileOperation<Manifest> manifests,
            FileOperation<Manifest> manifestsAnew, TierReads tier, boolean isOfTierAlone) {
        this.root = root;
        this.channels = channels;
        this.footers = footers;
        this.frames = new BlockCache(blockCacheBytes);
        this.manifests = manifests;
        this.manifestsAnew = manifestsAnew;
        this.tier = tier;
        this.isOfTierAlone = isOfTierAlone;
    }

    /** A catalog without packs, for callers that look at files alone. */
    public static PackCatalog none(Path root) {
        return new PackCatalog(root, new ChannelCache(1), new FooterCache(), 0, () -> Manifest.EMPTY, TierReads.refusing(root));
    }

    /** The log's root. */
    Path root() {
        return root;
    }

    /** The log's open files. */
    ChannelCache channels() {
        return channels;
    }

    /** Reads what is in the log's tier. */
    TierReads tier() {
        return tier;
    }

    /** Whether the log exists only in its tier. */
    boolean isOfTierAlone() {
        return isOfTierAlone;
    }

    /** The present manifest; the same object as before if it is unchanged. */
    public Manifest manifest() throws IOException {
        Manifest now = manifests.run();
        earlier = now;
        return now;
    }

    /** A manifest that was the present one earlier. */
    Manifest earlierManifest() {
        return earlier;
    }

    /** The present manifest, for a caller that has missed a pack by the one before. */
    Manifest manifestAnew() throws IOException {
        return manifestsAnew.run();
    }

    /** Notes that the file of a pack's table is damaged; the next read opens the file that has its name then. */
    void tableDamaged(Path table) {
        channels.forget(table);
        int unused = tableDamages.incrementAndGet();
    }

    /** How often the file of a pack's table was found damaged. */
    public int tableDamages() {
        return tableDamages.get();
    }

    /** Forgets the unpacked blocks, so that later reads read the files. */
    public void forgetBlocks() {
        frames.clear();
    }

    /** The pack, opened. */
    public PackReader reader(ListedPack pack) throws IOException {
        PackReader known = readers.get(pack.number());
        if (known != null && known.isOpened()) {
            return known;
        }
        return add(pack, PackReader.open(new PackPlace(this, pack), pack.number(), tables, frames));
    }

    /** The pack, for reading segments whose places the catalogue of keys has. It isn't opened, unless it was before. */
    PackReader reader(ListedPack pack, PackFacts facts) throws IOException {
        PackReader known = readers.get(pack.number());
        return known != null ? known : add(pack, PackReader.of(new PackPlace(this, pack), facts, tables, frames));
    }

    /** Keeps the reader, unless there is one that is as good: one that was opened stays. */
    private PackReader add(ListedPack pack, PackReader reader) throws IOException {
        PackReader kept = readers.merge(pack.number(), reader, (before, now) -> before.isOpened() || !now.isOpened() ? before : now);
        if (kept == reader) {
            // when a pack is new, others may have gone
            keepOnly(manifest());
        }
        return kept;
    }

    /** Number of packs whose readers are kept. */
    int readers() {
        return readers.size();
    }

    /** Looks at the packs of one manifest; looks again if a pack was deleted meanwhile. */
    public <T> T look(FileFunction<Manifest, T> look) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return look.apply(manifest());
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /**
     * A stream's segments in packs.
     *
     * @param byPack all of them, by the pack's number; without packs that can't be read
     * @param counting those that count, in no particular order
     */
    record Listed(Map<Long, List<Segment>> byPack, List<Segment> counting) {
        static final Listed NOTHING = new Listed(Map.of(), List.of());
    }

    /**
     * Lists a stream's segments in packs.
     *
     * @param before the listing before
     * @throws NoSuchFileException if a pack has been deleted since: ask again with the current manifest
     */
    Listed segments(StreamKey key, Manifest manifest, Listed before) throws IOException {
        List<ListedPack> packs = manifest.packsInOrder();
        CatalogedKey cataloged = isListed(packs, before) ? none(key, manifest) : cataloged(key, manifest);
        Map<Long, List<Segment>> found = new HashMap<>();
        List<Segment> counting = new ArrayList<>();
        for (ListedPack pack : packs) {
            List<Segment> known = before.byPack.get(pack.number());
            List<Segment> all = known != null ? known : cataloged.covers(pack) ? list(key, pack, cataloged) : list(key, pack);
            if (!all.isEmpty()) {
                if (!(all.get(0) instanceof UnreadableFile)) {
                    // a table that is damaged may be written anew
                    found.put(pack.number(), all);
                }
                addCounting(key, manifest, pack, all, counting);
            }
        }
        return found.isEmpty() && counting.isEmpty() ? Listed.NOTHING : new Listed(found, counting);
    }

    /** A loop: see {@link Manifest}. */
    private static boolean isListed(List<ListedPack> packs, Listed before) {
        for (ListedPack pack : packs) {
            if (!before.byPack.containsKey(pack.number())) {
                return false;
            }
        }
        return true;
    }

    private static void addCounting(StreamKey key, Manifest manifest, ListedPack pack, List<Segment> all, List<Segment> counting) {
        for (Segment segment : all) {
            if (!manifest.isVoid(key, segment.basePosition(), pack.number())) {
                counting.add(segment);
            }
        }
    }

    private List<Segment> list(StreamKey key, ListedPack pack, CatalogedKey cataloged) {
        List<CatalogedSegment> there = cataloged.in(pack);
        List<Segment> segments = new ArrayList<>(there.size());
        there.forEach(segment -> segments.add(PackedSegment.of(key, this, pack, segment, cataloged.pack(segment), footers)));
        return segments;
    }

    private List<Segment> list(StreamKey key, ListedPack pack) throws IOException {
        PackReader reader;
        List<PackEntry> entries;
        try {
            reader = reader(pack);
            entries = reader.find(key);
        } catch (CorruptSegmentException e) {
            Path damaged = Objects.requireNonNullElse(e.file(), PackFiles.pack(root, pack.number()));
            return List.of(new UnreadableFile(key, pack.expirationMillis(), damaged, pack.window(), e));
        }
        List<Segment> segments = new ArrayList<>(entries.size());
        for (PackEntry entry : entries) {
            segments.add(PackedSegment.of(key, this, pack, reader, entry, footers));
        }
        return segments;
    }

    /**
     * Adds the keys that have a segment that counts in a pack, by the packs' tables. Damaged parts of the tables are left out.
     *
     * @param which packs are looked through
     * @param found receives each key, with the position where one of its segments begins; several times if it has more segments, or if the look is repeated
     * @return the manifest that was looked through
     */
    public Manifest addKeys(Predicate<ListedPack> which, KeyScope scope, ObjLongConsumer<StreamKey> found) throws IOException {
        return look(manifest -> {
            addKeys(manifest, which, scope, found, damage -> { });
            return manifest;
        });
    }

    /** The damage in the packs' tables. */
    public List<CorruptSegmentException> damagedTables() throws IOException {
        List<CorruptSegmentException> damage = new ArrayList<>();
        return look(manifest -> {
            damage.clear();
            // no key is selected, but all tables are read
            addKeys(manifest, pack -> true, KeyScope.of(List.of()), (key, base) -> { }, damage::add);
            return damage;
        });
    }

    /** How many records a pack has, also deleted ones, in segments that its table doesn't tell because it is damaged. */
    public long unlistedRecords(long number) throws IOException {
        return look(manifest -> {
            Optional<ListedPack> pack = manifest.pack(number);
            return pack.isEmpty() ? 0L : pack.get().records() - listedRecords(pack.get());
        });
    }

    private long listedRecords(ListedPack pack) throws IOException {
        long records = 0;
        PackWalk walk = null;
        for (boolean more = true; more; ) {
            try {
                walk = walk == null ? reader(pack).walk() : walk;
                more = walk.next();
                records += more ? walk.entry().records() : 0;
            } catch (CorruptSegmentException e) {
                // the walk goes on after it
                more = walk != null;
            }
        }
        return records;
    }

    private void addKeys(Manifest manifest, Predicate<ListedPack> which, KeyScope scope, ObjLongConsumer<StreamKey> found,
            Consumer<CorruptSegmentException> damage) throws IOException {
        for (ListedPack pack : manifest.packsInOrder()) {
            if (!which.test(pack)) {
                continue;
            }
            try {
                addKeys(reader(pack).walk(), pack, manifest, scope, found, damage);
            } catch (CorruptSegmentException e) {
                damage.accept(e);
            }
        }
    }

    private static void addKeys(PackWalk walk, ListedPack pack, Manifest manifest, KeyScope scope, ObjLongConsumer<StreamKey> found,
            Consumer<CorruptSegmentException> damage) throws IOException {
        byte[] beginning = scope.beginning().getBytes(StandardCharsets.UTF_8);
        boolean isSought = false;
        for (boolean more = true; more; ) {
            try {
                if (isSought) {
                    more = walk.next();
                } else {
                    isSought = true;
                    more = walk.seek(beginning);
                }
                more = more && walk.compareBeginning(beginning) <= 0;
                if (more) {
                    StreamKey key = walk.streamKey();
                    if (scope.contains(key.text()) && !manifest.isVoid(key, walk.basePosition(), pack.number())) {
                        found.accept(key, walk.basePosition());
                    }
                }
            } catch (CorruptSegmentException e) {
                // the walk goes on after it
                damage.accept(e);
            }
        }
    }

    // ---------------------------------------------------------------- the catalogue of keys

    /** The catalogue, as it was opened last. */
    private static final class OpenKeys {
        private final KeyCatalogReader reader;
        private final @Nullable Object identity;
        private volatile KeyCatalog last;

        OpenKeys(SharedFile file, Manifest manifest) throws IOException {
            this.identity = file.identity();
            this.reader = new KeyCatalogReader(file, file.path());
            this.last = new KeyCatalog(manifest, reader.packs(), reader.edits());
        }

        KeyCatalog beside(Manifest manifest) {
            KeyCatalog known = last;
            if (!known.manifest().equals(manifest)) {
                known = new KeyCatalog(manifest, reader.packs(), reader.edits());
                last = known;
            }
            return known;
        }
    }

    private static CatalogedKey none(StreamKey key, Manifest manifest) {
        return new CatalogedKey(key, KeyCatalog.none(manifest), List.of(), pack -> {
            throw new IllegalStateException("catalogue covers no pack: pack=" + pack);
        });
    }

    /** The catalogue's entry for a key; it covers nothing if the catalogue can't be read. */
    public CatalogedKey cataloged(StreamKey key, Manifest manifest) throws IOException {
        for (int attempt = 1; attempt <= KEYS_ATTEMPTS; attempt++) {
            OpenKeys before = keys;
            boolean isBest = before != null && before.beside(manifest).coversAll();
            try (SharedFile file = isBest ? channels.acquireAsOpened(PackFiles.keys(root)) : channels.acquire(PackFiles.keys(root))) {
                OpenKeys open = openKeys(file, manifest);
                KeyCatalog catalog = open.beside(manifest);
                return new CatalogedKey(key, catalog, catalog.isEmpty() ? List.of() : open.reader.find(file, key, tables), open.reader::facts);
            } catch (NoSuchFileException e) {
                forgetKeys();
                break;
            } catch (CorruptSegmentException e) {
                // another file may have taken its name since it was opened
                forgetKeys();
            } catch (IOException e) {
                IoFailure.checkOfFile(e);
                forgetKeys();
            }
        }
        return none(key, manifest);
    }

    private OpenKeys openKeys(SharedFile file, Manifest manifest) throws IOException {
        OpenKeys known = keys;
        if (known == null || !Objects.equals(known.identity, file.identity())) {
            forgetKeys();
            known = new OpenKeys(file, manifest);
            keys = known;
        }
        return known;
    }

    private void forgetKeys() {
        OpenKeys known = keys;
        keys = null;
        if (known != null) {
            tables.remove(known.reader);
        }
    }

    /**
     * Adds the keys that have a segment that counts in a pack: by the catalogue of keys, and for packs that it doesn't cover by their tables.
     * Damaged parts of the tables are left out.
     */
    public void addKeys(KeyScope scope, Set<String> keys) throws IOException {
        boolean unused = look(now -> {
            KeyCatalog catalog = channels.makingRoom(() -> addCataloged(scope, keys));
            addKeys(catalog.manifest(), pack -> !catalog.covers(pack), scope, (key, base) -> keys.add(key.text()), damage -> { });
            return true;
        });
    }

    private KeyCatalog addCataloged(KeyScope scope, Set<String> keys) throws IOException {
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            return file.ask(open -> {
                KeyCatalogReader reader = new KeyCatalogReader(open, file.path());
                // the manifest is read after the catalogue, so it isn't older
                KeyCatalog catalog = new KeyCatalog(manifest(), reader.packs(), reader.edits());
                KeyCatalogReader.Walk walk = reader.walk(open, scope.beginning().getBytes(StandardCharsets.UTF_8));
                while (!catalog.isEmpty() && walk.next()) {
                    StreamKey key = walk.key();
                    if (scope.contains(key.text()) && isThere(key, walk, catalog)) {
                        keys.add(key.text());
                    }
                }
                return catalog;
            });
        } catch (NoSuchFileException | CorruptSegmentException e) {
            // the catalogue is a cache: without it, the tables are read
            return KeyCatalog.none(manifest());
        } catch (IOException e) {
            IoFailure.checkOfFile(e);
            return KeyCatalog.none(manifest());
        }
    }

    private static boolean isThere(StreamKey key, KeyCatalogReader.Walk walk, KeyCatalog catalog) throws IOException {
        return catalog.counts(key, walk.pack(), walk.basePosition())
                || walk.segments().stream().anyMatch(segment -> catalog.counts(key, segment));
    }

    /** Receives the segments that were found. */
    @FunctionalInterface
    public interface Found {

        /**
         * @param key index of the key among those that were looked for
         * @param segment stands on the segment
         */
        void at(int key, ListedPack pack, PackWalk segment);
    }

    /**
     * Looks for segments of some keys. In each pack, a table block is read at most once, and only if it may have one of the keys; damaged blocks are left out.
     *
     * @param keys in the order of their unsigned bytes
     * @return whether nothing was left out
     * @throws NoSuchFileException if a pack has been deleted since
     */
    public boolean find(List<StreamKey> keys, List<ListedPack> packs, Found found) throws IOException {
        boolean isWhole = true;
        for (ListedPack pack : keys.isEmpty() ? List.<ListedPack>of() : packs) {
            try {
                PackWalk walk = reader(pack).walk();
                int next = 0;
                while (next < keys.size()) {
                    try {
                        byte[] utf8 = keys.get(next).utf8();
                        for (boolean more = walk.seek(utf8); more && walk.compareKey(utf8) == 0; more = walk.next()) {
                            found.at(next, pack, walk);
                        }
                        next++;
                    } catch (CorruptSegmentException e) {
                        // the walk goes on after it
                        isWhole = false;
                    }
                }
            } catch (CorruptSegmentException e) {
                // nothing in this pack can be found
                isWhole = false;
            }
        }
        return isWhole;
    }

    /** Notes that a pack has moved to the tier, or back: the next call gets a reader that knows where it is. */
    public void moved(long number) {
        readers.remove(number);
    }

    /** Closes the packs that the manifest doesn't list. */
    public void keepOnly(Manifest manifest) {
        readers.values().removeIf(reader -> {
            boolean isGone = manifest.pack(reader.number()).isEmpty();
            if (isGone) {
                reader.close();
            }
            return isGone;
        });
        tier.keepOnly(manifest);
    }
}
