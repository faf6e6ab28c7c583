package dev.streamwal.packing;

import dev.streamwal.catalog.KeyCatalog;
import dev.streamwal.catalog.KeyCatalog.Verdict;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LogFile;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.CoveredPack;
import dev.streamwal.pack.KeyCatalogReader;
import dev.streamwal.pack.KeyCatalogWriter;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackWalk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes the catalogue of keys anew where it covers too little: the one before, merged with the tables of packs that it doesn't cover. One update at a
 * time; nobody waits for it, as packs don't change.
 *
 * <p><b>Why an entry names the newest segment that counts</b> of those in covered packs. One that still counts is newer than all in packs that were
 * covered, so the newest of it and of what comes from the others is. Where it doesn't, and another pack has a segment that ends behind its beginning,
 * as the merged pack has of what went into it, then that one is: segments that count don't overlap, so all in packs that were covered begin before.
 * Else the key is looked for in all packs that were covered, and dropped where none has it.
 */
final class KeyCatalogUpdate {

    /** Fewer are read by their tables. */
    private static final int MIN_PACKS = 4;

    /** So many packs are read by their tables at most, if they have anything to speak of. */
    private static final int MAX_CHANGED_PACKS = 16;

    /** Beside packs with fewer segments a catalogue isn't written anew: one for so many of its keys. */
    private static final int KEYS_PER_SEGMENT = 16;

    /** To read more of tables takes longer than to read the catalogue. */
    private static final int SEGMENTS_PER_KEY = 2;

    /** At once: a block of each is in memory. */
    private static final int MAX_ADDED_PACKS = 1 << 10;

    /** At once: for these packs are searched together. */
    private static final int MAX_HELD_KEYS = 1 << 12;

    private final PackStore store;
    /** Packs whose tables can't be read whole: they aren't covered. */
    private final Set<Long> unreadable = new HashSet<>();
    private @Nullable Manifest last;

    KeyCatalogUpdate(PackStore store) {
        this.store = store;
    }

    /** Writes it until it covers enough. */
    synchronized void pass(BooleanSupplier isStopped) throws IOException {
        unreadable.retainAll(store.packs().stream().map(ListedPack::number).toList());
        boolean isDue = true;
        while (isDue && !isStopped.getAsBoolean()) {
            Manifest now = store.manifest();
            if (now.equals(last)) {
                return;
            }
            try {
                isDue = isWritten(now, isStopped);
            } catch (NoSuchFileException e) {
                // a pack has gone: the manifest says so
                return;
            }
            last = isDue ? null : now;
        }
    }

    /**
     * Whether it is worth it.
     *
     * @param before what the catalogue covers, listed or not
     * @param keys that it has
     */
    static boolean isDue(List<ListedPack> listed, List<CoveredPack> before, long keys) {
        Set<CoveredPack> covered = new HashSet<>(before);
        Set<CoveredPack> there = new HashSet<>(listed.stream().map(KeyCatalogUpdate::covered).toList());
        List<Long> come = there.stream().filter(pack -> !covered.contains(pack)).map(CoveredPack::segments).toList();
        List<Long> gone = before.stream().filter(pack -> !there.contains(pack)).map(CoveredPack::segments).toList();
        long segments = come.stream().mapToLong(each -> each).sum() + gone.stream().mapToLong(each -> each).sum();
        int changed = come.size() + gone.size();
        boolean isMany = changed >= Math.min(MAX_CHANGED_PACKS, Math.max(MIN_PACKS, before.size() / 4)) && segments >= keys / KEYS_PER_SEGMENT;
        return isMany || (changed > 0 && segments >= SEGMENTS_PER_KEY * keys && Math.max(listed.size(), before.size()) >= MIN_PACKS);
    }

    private static CoveredPack covered(ListedPack pack) {
        return new CoveredPack(pack.number(), pack.bytes(), pack.segments());
    }

    /** Whether one was written, or can't be used any more; another one may be due then. */
    private boolean isWritten(Manifest now, BooleanSupplier isStopped) throws IOException {
        List<ListedPack> readable = now.packsInOrder().stream().filter(pack -> !unreadable.contains(pack.number())).toList();
        try (LogFile file = LogFile.reading(PackFiles.keys(store.root()))) {
            KeyCatalogReader before = read(file);
            boolean isUsable = before == null || (before.edits() <= now.edits() && !readable.isEmpty()
                    && before.packs().stream().noneMatch(pack -> unreadable.contains(pack.number())));
            if (!isUsable) {
                return isDeleted(file);
            }
            if (!isDue(readable, before == null ? List.of() : before.packs(), before == null ? 0 : before.keys())) {
                return false;
            }
            try (KeyCatalogWriter writer = KeyCatalogWriter.create(store.root())) {
                new Update(now, before, readable, writer).run(isStopped, file);
            }
            return true;
        } catch (CorruptSegmentException e) {
            return Files.deleteIfExists(PackFiles.keys(store.root()));
        } catch (UnreadablePack e) {
            return unreadable.add(e.number);
        }
    }

    private static @Nullable KeyCatalogReader read(LogFile file) throws IOException {
        try {
            file.open();
        } catch (NoSuchFileException e) {
            return null;
        }
        return new KeyCatalogReader(file, file.path());
    }

    private static boolean isDeleted(LogFile file) throws IOException {
        file.close();
        return Files.deleteIfExists(file.path());
    }

    /** A table that can't be read whole. */
    private static final class UnreadablePack extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final long number;

        UnreadablePack(ListedPack pack, Exception cause) {
            super("pack=" + pack.number(), cause);
            this.number = pack.number();
        }
    }

    /** The key that the walk through an added pack stands on. */
    private record Head(byte[] key, PackWalk walk, ListedPack pack) {}

    /** What is known of a key. */
    private static final class Entry {
        private final StreamKey key;
        private boolean isUnknown;
        private long pack;
        private long basePosition = -1;

        Entry(StreamKey key) {
            this.key = key;
        }

        void found(long number, long base) {
            if (base > basePosition) {
                pack = number;
                basePosition = base;
            }
        }

        boolean isFound() {
            return basePosition >= 0;
        }
    }

    /** One update. */
    private final class Update {
        private final Manifest now;
        private final KeyCatalog before;
        private final KeyCatalogReader.@Nullable Walk cataloged;
        /** On which that stands. */
        private @Nullable StreamKey catalogedKey;
        private final List<ListedPack> added;
        private final Queue<Head> heads = new PriorityQueue<>((a, b) -> Arrays.compareUnsigned(a.key(), b.key()));
        private final SortedMap<Long, CoveredPack> covered = new TreeMap<>();
        private final Map<Long, Integer> ordinals = new HashMap<>();
        private final List<Entry> held = new ArrayList<>();
        private final KeyCatalogWriter writer;

        Update(Manifest now, @Nullable KeyCatalogReader reader, List<ListedPack> readable, KeyCatalogWriter writer) {
            this.now = now;
            this.before = new KeyCatalog(now, reader == null ? List.of() : reader.packs(), 0);
            this.cataloged = reader == null ? null : reader.walk();
            this.added = readable.stream().filter(pack -> !before.covers(pack)).limit(MAX_ADDED_PACKS).toList();
            this.writer = writer;
            Stream.concat(before.listed().stream(), added.stream()).forEach(pack -> covered.put(pack.number(), covered(pack)));
            covered.keySet().forEach(number -> ordinals.put(number, ordinals.size()));
        }

        void run(BooleanSupplier isStopped, LogFile file) throws IOException {
            for (ListedPack pack : added) {
                advance(store.reader(pack).walk(), pack);
            }
            advance();
            while (catalogedKey != null || !heads.isEmpty()) {
                if (held.size() == MAX_HELD_KEYS) {
                    if (isStopped.getAsBoolean()) {
                        return;
                    }
                    writeHeld();
                }
                merge();
            }
            writeHeld();
            file.close();
            writer.finish(List.copyOf(covered.values()), now.edits());
        }

        private void advance() throws IOException {
            catalogedKey = cataloged != null && cataloged.next() ? cataloged.key() : null;
        }

        private void advance(PackWalk walk, ListedPack pack) throws IOException {
            try {
                if (walk.isNext()) {
                    heads.add(new Head(walk.key(), walk, pack));
                }
            } catch (CorruptSegmentException e) {
                throw new UnreadablePack(pack, e);
            }
        }

        /** Takes the smallest key from where it stands. */
        private void merge() throws IOException {
            Head first = heads.peek();
            StreamKey known = catalogedKey;
            boolean isKnown = known != null && (first == null || Arrays.compareUnsigned(known.utf8(), first.key()) <= 0);
            Entry entry = new Entry(known != null && isKnown ? known : key(first));
            long before = isKnown ? take(entry) : -1;
            byte[] utf8 = entry.key.utf8();
            for (Head head = heads.peek(); head != null && Arrays.equals(head.key(), utf8); head = heads.peek()) {
                PackWalk walk = heads.remove().walk();
                if (!now.isVoid(entry.key, walk.basePosition(), head.pack().number())) {
                    entry.found(head.pack().number(), walk.basePosition());
                    entry.isUnknown &= walk.endPosition() <= before;
                }
                advance(walk, head.pack());
            }
            if (entry.isFound() || entry.isUnknown) {
                held.add(entry);
            }
        }

        private static StreamKey key(@Nullable Head head) throws IOException {
            if (head == null) {
                throw new IllegalStateException("there is something to merge");
            }
            try {
                return head.walk().streamKey();
            } catch (CorruptSegmentException e) {
                throw new UnreadablePack(head.pack(), e);
            }
        }

        /** Takes what the catalogue says of a key; returns where the segment begins of which it says it. */
        private long take(Entry entry) throws IOException {
            KeyCatalogReader.Walk walk = Objects.requireNonNull(cataloged, "a key that is known is in a catalogue");
            int pack = walk.pack();
            long base = walk.basePosition();
            Verdict verdict = before.judge(entry.key, pack, base);
            entry.isUnknown = verdict == Verdict.UNKNOWN;
            if (verdict == Verdict.COUNTS) {
                entry.found(before.number(pack), base);
            }
            advance();
            return base;
        }

        private void writeHeld() throws IOException {
            List<Entry> unknown = held.stream().filter(entry -> entry.isUnknown).toList();
            store.find(unknown.stream().map(entry -> entry.key).toList(), before.listed(), (key, pack, base) -> {
                if (!now.isVoid(unknown.get(key).key, base, pack.number())) {
                    unknown.get(key).found(pack.number(), base);
                }
            }, (pack, damage) -> {
                throw new UnreadablePack(pack, damage);
            });
            for (Entry entry : held) {
                if (entry.isFound()) {
                    writer.add(entry.key.utf8(), ordinals.getOrDefault(entry.pack, 0), entry.basePosition);
                }
            }
            held.clear();
        }
    }
}
