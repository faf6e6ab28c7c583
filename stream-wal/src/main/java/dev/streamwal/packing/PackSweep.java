package dev.streamwal.packing;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.packing.VoidedSegments.Voided;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.MisdatedSegments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.UnaryOperator;

/**
 * What a sweep does to packs. {@link ExpiryPlan} sees packs as segments of artificial streams, one for each span of windows and retention: so a pack
 * is due at its expiration, and the oldest packs are deleted first if the whole log is too large. {@link DuePacks} deletes them. One sweep at a time.
 */
public final class PackSweep {

    /** The key of packs in a plan; no stream has it, and it sorts before all keys. */
    public static final String KEY = "";

    /**
     * Older packs first. Within one window the merged packs are mostly older: they have the content of earlier packs, under a higher number. If that
     * isn't so, {@link DuePacks} keeps segments that stand behind older ones that stay.
     */
    private static final Comparator<ListedPack> BY_AGE = Comparator.<ListedPack>comparingLong(pack -> pack.window().startMillis())
            .thenComparing(Comparator.comparingInt(ListedPack::level).reversed()).thenComparingLong(ListedPack::number);

    /**
     * If there are many deletions, packs of so many bytes are written anew in one pass. The pass is limited because new records wait to be packed until
     * the pass is over.
     */
    private static final long MAX_OF_MANY_BYTES = 1L << 30;

    private record Kind(long windowMillis, long retentionMillis) {}

    private final PackStore store;
    /** Used by {@link #reclaim}. */
    private final ManyVoids manyVoids;

    public PackSweep(PackStore store) {
        this(store, new ManyVoids(ManyVoids.MANY));
    }

    PackSweep(PackStore store, ManyVoids manyVoids) {
        this.store = store;
        this.manyVoids = manyVoids;
    }

    /** The packs in the form of a plan's input. */
    public List<ExpiryPlan.Stream> views() {
        Map<Kind, List<ExpiryPlan.Segment>> byKind = new HashMap<>();
        for (ListedPack pack : store.packs().stream().sorted(BY_AGE).toList()) {
            Window window = pack.window();
            Kind kind = new Kind(window.endMillis() - window.startMillis(), pack.expirationMillis() - window.endMillis());
            byKind.computeIfAbsent(kind, unused -> new ArrayList<>()).add(new ExpiryPlan.Segment(pack.number(), pack.expirationMillis(),
                    window.endMillis(), pack.bytes(), true));
        }
        return byKind.values().stream().map(segments -> new ExpiryPlan.Stream(KEY, Long.MAX_VALUE, segments)).toList();
    }

    /**
     * Rewrites packs of which less than two thirds counts, which frees the rest. If there are {@link ManyVoids many deletions}, it rewrites other
     * packs, too. Then it drops deletions that concern nothing any more. If a pack can't be read or written, the others are still done. A pack in the
     * tier stays while anything of it counts; if there are many deletions, one such pack after the other is asked for, and rewritten by a later call.
     * Takes the lock for each pack by itself, because another thread may wait for it. One call at a time.
     *
     * @return the number of rewritten packs
     */
    public int reclaim(Consumer<Exception> failed) {
        int reclaimed = 0;
        long bytesOfMany = 0;
        try {
            Map<Long, Voided> voided = store.whilePacking(store.places::voided);
            Set<Long> inTier = store.manifest().objects().keySet();
            manyVoids.decide(store.manifest().voidCount(), store.packs().stream().map(ListedPack::number).toList(), voided.keySet(), inTier);
            for (ListedPack pack : store.packs()) {
                try {
                    Voided of = voided.getOrDefault(pack.number(), Voided.NOTHING);
                    boolean isOfMany = manyVoids.isToBeWritten(pack.number()) && (bytesOfMany < MAX_OF_MANY_BYTES || manyVoids.isAsked(pack.number()));
                    if ((isOfMany || of.segments() > 0) && store.whilePacking(() -> isReclaimed(pack, of, isOfMany))) {
                        reclaimed++;
                        bytesOfMany += isOfMany ? pack.bytes() : 0;
                    }
                } catch (WalClosedException e) {
                    throw e;
                } catch (IOException | WalException e) {
                    failed.accept(e);
                }
            }
            store.needed.byDeletions(manyVoids.toFetch(inTier));
            if (manyVoids.isToLook(store.manifest().voidCount(), inTier)) {
                manyVoids.looked(store.whilePacking(store::dropUnneededVoids));
            }
        } catch (WalClosedException e) {
            throw e;
        } catch (IOException | WalException e) {
            failed.accept(e);
        }
        return reclaimed;
    }

    /** Shared segments were packed without what deletions cover: the next {@link #reclaim} looks for deletions that concern nothing any more. */
    void voidedWasPacked() {
        manyVoids.written();
    }

    /** Whether anything can be tried to have fewer deletions listed. */
    public boolean mayHaveFewerVoids() {
        return manyVoids.mayHelp(store.manifest().voidCount());
    }

    private boolean isReclaimed(ListedPack pack, Voided of, boolean isOfMany) throws IOException {
        Manifest copied = store.manifest();
        if (copied.pack(pack.number()).isEmpty()) {
            // merged, or expired, in between
            return false;
        }
        boolean isTried = isOfMany && !copied.isInTier(pack);
        if (isTried) {
            manyVoids.tried(pack.number());
        } else if (!isWorthIt(pack, of)) {
            return false;
        }
        // counted anew: what was counted before may be too little, if a table was damaged
        boolean isAny = store.isAny(pack, entry -> store.counts(pack, entry));
        if (isAny && copied.isInTier(pack)) {
            return false;
        }
        List<ListedPack> written = !isAny ? List.of()
                : List.of(store.writtenInPlaceOf(store.reader(pack), (place, entry) -> store.counts(pack, entry)));
        store.replace(List.of(pack), written, copied);
        if (isTried) {
            manyVoids.written();
        }
        return true;
    }

    private boolean isWorthIt(ListedPack pack, Voided voided) throws IOException {
        if (voided.segments() == 0 || voided.segments() == pack.segments()) {
            return voided.segments() > 0;
        }
        long stored = store.reader(pack).segmentBytes();
        return !store.manifest().isInTier(pack) && voided.bytes() > (stored - voided.bytes()) / 2;
    }

    /**
     * Those of a plan's deletions of own files that may be carried out: a stream loses only its beginning, so no file is deleted while the stream has
     * an older segment in a pack. All packs are asked, also those of later windows: after a clock was put back, a stream goes on in an earlier
     * window. If a stream's segments in packs can't be looked up, its files stay.
     *
     * @param failed receives the first failure
     */
    public List<ExpiryPlan.Deletion> withoutThoseBehindPacks(List<ExpiryPlan.Deletion> plan, Consumer<Exception> failed) {
        Map<String, Long> oldestInPacks = new HashMap<>();
        List<ExpiryPlan.Deletion> going = new ArrayList<>();
        boolean isTold = false;
        for (ExpiryPlan.Deletion deletion : plan) {
            if (!oldestInPacks.containsKey(deletion.key())) {
                try {
                    oldestInPacks.put(deletion.key(), oldestInPacks(deletion.key()));
                } catch (IOException | WalException e) {
                    oldestInPacks.put(deletion.key(), Long.MIN_VALUE);
                    if (!isTold) {
                        failed.accept(e);
                    }
                    isTold = true;
                }
            }
            // a file behind one that stays has to stay, too
            if (deletion.segment().basePosition() <= oldestInPacks.getOrDefault(deletion.key(), Long.MAX_VALUE)) {
                going.add(deletion);
            }
        }
        return going;
    }

    /** Says how many of a stream's segments in packs go, the oldest first. */
    @FunctionalInterface
    public interface Going {
        int of(StreamKey key, List<HeldBack.Due> dues) throws IOException;
    }

    /**
     * Removes what streams with too many bytes have in packs below positions, as far as it may go: durably, by one change, and only the beginning of
     * each stream. It does so for as many streams as the manifest has room for; others are for a later pass.
     *
     * @param below by stream: all that the stream has elsewhere is above this position
     * @param failed receives why a stream could not be read, and stays
     * @return what was removed
     */
    public List<SweptSegment> removeBelow(Map<StreamKey, Long> below, Going going, Consumer<Exception> failed) throws IOException {
        Map<StreamKey, Long> gone = new LinkedHashMap<>();
        List<StreamPlaces.Place> places = new ArrayList<>();
        // if there is no room, the change says so
        int room = Math.max(1, store.roomForVoids());
        below.forEach((key, position) -> {
            if (gone.size() == room) {
                return;
            }
            try {
                List<StreamPlaces.Place> before = store.places.find(key).stream().filter(place -> place.entry().basePosition() < position).toList();
                int count = before.isEmpty() ? 0
                        : going.of(key, before.stream().map(place -> DuePacks.due(place.pack(), place.entry(), ExpiryPlan.Cause.STREAM_BYTES)).toList());
                if (count > 0) {
                    gone.put(key, count < before.size() ? before.get(count).entry().basePosition() : position);
                    places.addAll(before.subList(0, count));
                }
            } catch (IOException | WalException e) {
                failed.accept(e);
            }
        });
        if (!gone.isEmpty()) {
            store.forgetBelow(gone, List.of());
        }
        return places.stream().map(place -> new SweptSegment(store.deleted(place), place.entry().key().text(), ExpiryPlan.Cause.STREAM_BYTES))
                .toList();
    }

    /**
     * What a stream has in packs, for a look at its files.
     *
     * @param present gives a segment its current expiration
     * @param isAhead whether a window that begins at a time, epoch ms, lies in the future
     */
    public List<MisdatedSegments.Packed> segmentsOf(StreamKey key, UnaryOperator<HeldBack.Due> present, LongPredicate isAhead) throws IOException {
        List<MisdatedSegments.Packed> segments = new ArrayList<>();
        for (StreamPlaces.Place place : store.places.find(key)) {
            HeldBack.Due inPack = present.apply(DuePacks.due(place.pack(), place.entry(), ExpiryPlan.Cause.EXPIRED));
            segments.add(new MisdatedSegments.Packed(inPack.deletion().segment(), isAhead.test(place.pack().window().startMillis())));
        }
        return segments;
    }

    private long oldestInPacks(String key) throws IOException {
        return store.places.find(StreamKey.of(key)).stream().mapToLong(place -> place.entry().basePosition()).min().orElse(Long.MAX_VALUE);
    }
}
