package dev.streamwal.packing;

import dev.streamwal.catalog.KeyCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LogFile;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.CatalogedPack;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.CoveredPack;
import dev.streamwal.pack.KeyCatalogReader;
import dev.streamwal.pack.KeyCatalogWriter;
import dev.streamwal.pack.PackFacts;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackWalk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites the key catalogue when it covers too few packs: the previous catalogue, merged with the tables of the packs that it doesn't cover. One
 * update at a time; no other thread waits for it, as packs don't change. The new catalogue has all segments that still count: those of covered packs
 * come from the previous catalogue, those of the others from their tables.
 *
 * <p>The filter of streams that aren't in memory any more is made anew on the way, from those of its keys that packs still have. Otherwise it would
 * keep keys whose data has all expired, and more of them each day. <b>Why it lacks no key:</b> when the new filter is begun, the update covers all
 * packs that are listed then. A stream that was let go of before has its data in these packs, or in packs that are made from them. A stream that is let
 * go of later is added to the new filter, too. If a pack isn't covered, or the catalogue isn't written, the filter stays as it was.
 */
final class KeyCatalogUpdate {

    /** With fewer packs, readers read the tables. */
    private static final int MIN_PACKS = 4;

    /** Readers read the tables of at most so many packs, if these hold a considerable number of segments. */
    private static final int MAX_CHANGED_PACKS = 16;

    /**
     * The catalogue isn't rewritten while fewer than one in so many of its segments have changed. So each segment is rewritten some ten times before
     * it expires.
     */
    private static final int UNCHANGED_PER_CHANGED = 16;

    /** Reading more of the tables takes longer than reading the catalogue. */
    private static final int SEGMENTS_PER_KEY = 2;

    /** Packs read at once: a block of each is in memory. */
    private static final int MAX_ADDED_PACKS = 1 << 10;

    /** Checks for a stop after so many segments. */
    private static final int KEYS_BETWEEN_LOOKS = 1 << 12;

    private static final Consumer<StreamKey> NOBODY = key -> {};

    private final PackStore store;
    /** Packs whose tables can't be read whole: the catalogue doesn't cover them. */
    private final Set<Long> unreadable = new HashSet<>();
    private @Nullable Manifest last;

    KeyCatalogUpdate(PackStore store) {
        this.store = store;
    }

    /** Rewrites the catalogue until it covers enough. */
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
                // a pack has gone: the next manifest tells
                return;
            }
            last = isDue ? null : now;
        }
    }

    /** Returns when no thread rewrites it any more; a thread that does has been told to stop. */
    synchronized void end() {
        // a thread that was in pass() has left it
    }

    /**
     * Whether a rewrite is worth its cost.
     *
     * @param before what the catalogue covers, listed or not
     * @param keys number of keys in it
     */
    static boolean isDue(List<ListedPack> listed, List<CoveredPack> before, long keys) {
        Set<CoveredPack> covered = new HashSet<>(before);
        Set<CoveredPack> there = new HashSet<>(listed.stream().map(KeyCatalogUpdate::covered).toList());
        List<Long> come = there.stream().filter(pack -> !covered.contains(pack)).map(CoveredPack::segments).toList();
        List<Long> gone = before.stream().filter(pack -> !there.contains(pack)).map(CoveredPack::segments).toList();
        long segments = come.stream().mapToLong(each -> each).sum() + gone.stream().mapToLong(each -> each).sum();
        int changed = come.size() + gone.size();
        long known = before.stream().mapToLong(CoveredPack::segments).sum();
        boolean isEnough = segments >= known / UNCHANGED_PER_CHANGED;
        boolean isMany = changed >= Math.min(MAX_CHANGED_PACKS, Math.max(MIN_PACKS, before.size() / 4));
        boolean isMuch = changed > 0 && segments >= SEGMENTS_PER_KEY * keys && Math.max(listed.size(), before.size()) >= MIN_PACKS;
        return isEnough && (isMany || isMuch);
    }

    private static CoveredPack covered(ListedPack pack) {
        return new CoveredPack(pack.number(), pack.bytes(), pack.segments());
    }

    /** Whether a catalogue was written, or has become unusable; another update may then be due. */
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
            Update update = new Update(now, before, readable, file);
            KeyFilter forgotten = store.ends.forgotten;
            return forgotten.isWorthRenewing() ? isWritten(update, forgotten, isStopped) : update.isWritten(NOBODY, isStopped);
        } catch (CorruptSegmentException e) {
            return Files.deleteIfExists(PackFiles.keys(store.root()));
        } catch (UnreadablePack e) {
            return unreadable.add(e.number);
        }
    }

    private boolean isWritten(Update update, KeyFilter forgotten, BooleanSupplier isStopped) throws IOException {
        KeyFilter renewal = forgotten.renew();
        boolean isWhole = false;
        try {
            boolean isOfAll = update.coversAllOf(store.manifest());
            boolean isWritten = update.isWritten(isOfAll ? key -> renewIfForgotten(forgotten, renewal, key) : NOBODY, isStopped);
            isWhole = isOfAll && isWritten;
            return isWritten;
        } finally {
            forgotten.renewed(isWhole);
        }
    }

    /** Keys that were never let go of needn't be in the filter, and may be many. */
    private static void renewIfForgotten(KeyFilter forgotten, KeyFilter renewal, StreamKey key) {
        if (forgotten.mayHave(key)) {
            renewal.add(key);
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

        private UnreadablePack(ListedPack pack, Exception cause) {
            super("pack=" + pack.number(), cause);
            this.number = pack.number();
        }

        /** Throws the failure itself if other packs would meet it, too. */
        static UnreadablePack orElse(ListedPack pack, Exception failure) throws IOException {
            if (PackFailure.isOfPack(failure)) {
                return new UnreadablePack(pack, failure);
            }
            if (failure instanceof IOException e) {
                throw e;
            }
            throw (WalException) failure;
        }
    }

    /** The key that the walk through an added pack stands on. */
    private record Head(byte[] key, PackWalk walk, ListedPack pack) {}

    private final class Update {
        private final Manifest now;
        private final LogFile file;
        private final KeyCatalog before;
        private final KeyCatalogReader.@Nullable Walk cataloged;
        /** The key on which that walk stands. */
        private @Nullable StreamKey catalogedKey;
        private final List<ListedPack> added;
        private final Queue<Head> heads = new PriorityQueue<>((a, b) -> Arrays.compareUnsigned(a.key(), b.key()));
        private final List<CatalogedPack> covered = new ArrayList<>();
        /** The index of a pack in the list of covered ones, by its number. */
        private final Map<Long, Integer> ordinals = new HashMap<>();
        /** The segments of the key that is being merged. */
        private final List<CatalogedSegment> segments = new ArrayList<>();

        Update(Manifest now, @Nullable KeyCatalogReader reader, List<ListedPack> readable, LogFile file) throws IOException {
            this.now = now;
            this.file = file;
            this.before = new KeyCatalog(now, reader == null ? List.of() : reader.packs(), 0);
            this.cataloged = reader == null ? null : reader.walk(file);
            this.added = readable.stream().filter(pack -> !before.covers(pack)).limit(MAX_ADDED_PACKS).toList();
            for (int i = 0; reader != null && i < reader.packs().size(); i++) {
                if (before.pack(i).isPresent()) {
                    covered.add(new CatalogedPack(reader.packs().get(i), reader.facts(i)));
                }
            }
            for (ListedPack pack : added) {
                covered.add(new CatalogedPack(covered(pack), facts(pack)));
            }
            covered.sort(Comparator.comparingLong(each -> each.pack().number()));
            covered.forEach(each -> ordinals.put(each.pack().number(), ordinals.size()));
        }

        private PackFacts facts(ListedPack pack) throws IOException {
            try {
                return store.reader(pack).facts();
            } catch (IOException | WalException e) {
                throw UnreadablePack.orElse(pack, e);
            }
        }

        /** Whether the catalogue covers all packs of a manifest. */
        boolean coversAllOf(Manifest other) {
            return other.packsInOrder().stream().allMatch(pack -> ordinals.containsKey(pack.number()));
        }

        /**
         * Whether it was written: false if it was stopped, or the content exceeds a catalogue's limits.
         *
         * @param keysInPacks receives all keys
         */
        boolean isWritten(Consumer<StreamKey> keysInPacks, BooleanSupplier isStopped) throws IOException {
            try (KeyCatalogWriter writer = KeyCatalogWriter.create(store.root(), covered, now.edits())) {
                for (ListedPack pack : added) {
                    advance(store.reader(pack).walk(), pack);
                }
                advance();
                for (int keys = 0; catalogedKey != null || !heads.isEmpty(); keys++) {
                    StreamKey key = merge();
                    segments.sort(Comparator.comparingLong(CatalogedSegment::basePosition));
                    if (!segments.isEmpty()) {
                        keysInPacks.accept(key);
                    }
                    boolean isStopping = keys % KEYS_BETWEEN_LOOKS == 0 && isStopped.getAsBoolean();
                    if (isStopping || !(segments.isEmpty() || writer.add(key.utf8(), segments))) {
                        return false;
                    }
                }
                file.close();
                writer.finish();
                return true;
            }
        }

        private void advance() throws IOException {
            catalogedKey = cataloged != null && cataloged.next() ? cataloged.key() : null;
        }

        private void advance(PackWalk walk, ListedPack pack) throws IOException {
            try {
                if (walk.next()) {
                    heads.add(new Head(walk.key(), walk, pack));
                }
            } catch (IOException | WalException e) {
                throw UnreadablePack.orElse(pack, e);
            }
        }

        /** Takes the smallest key from the catalogue and the added packs, with its segments that count. */
        private StreamKey merge() throws IOException {
            segments.clear();
            Head first = heads.peek();
            StreamKey known = catalogedKey;
            boolean isKnown = known != null && (first == null || Arrays.compareUnsigned(known.utf8(), first.key()) <= 0);
            StreamKey key = known != null && isKnown ? known : key(first);
            if (isKnown) {
                takeCataloged(key);
            }
            byte[] utf8 = key.utf8();
            for (Head head = heads.peek(); head != null && Arrays.equals(head.key(), utf8); head = heads.peek()) {
                PackWalk walk = heads.remove().walk();
                if (!now.isVoid(key, walk.basePosition(), head.pack().number())) {
                    segments.add(new CatalogedSegment(ordinal(head.pack()), walk.basePosition(), walk.endPosition() - walk.basePosition(),
                            walk.spread(), walk.block()));
                }
                advance(walk, head.pack());
            }
            return key;
        }

        private int ordinal(ListedPack pack) {
            return Objects.requireNonNull(ordinals.get(pack.number()), "added pack isn't covered by the catalogue");
        }

        private static StreamKey key(@Nullable Head head) throws IOException {
            if (head == null) {
                throw new IllegalStateException("no key is left to merge");
            }
            try {
                return head.walk().streamKey();
            } catch (IOException | WalException e) {
                throw UnreadablePack.orElse(head.pack(), e);
            }
        }

        private void takeCataloged(StreamKey key) throws IOException {
            KeyCatalogReader.Walk walk = Objects.requireNonNull(cataloged, "no earlier catalogue has the cataloged key");
            for (CatalogedSegment each : walk.segments()) {
                if (before.counts(key, each)) {
                    before.pack(each.pack()).ifPresent(pack -> segments.add(
                            new CatalogedSegment(ordinal(pack), each.basePosition(), each.bytes(), each.spread(), each.block())));
                }
            }
            advance();
        }
    }
}
