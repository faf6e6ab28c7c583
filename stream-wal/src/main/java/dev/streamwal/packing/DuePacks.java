package dev.streamwal.packing;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackRun;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The packs that a sweep is to delete, which have segments of many streams. A {@link Rule} says how many of a stream's segments go, the oldest first.
 * A pack is deleted if all of it goes; otherwise what stays is copied into another pack. For one sweep.
 *
 * <p><b>What it costs.</b> After a long standstill millions of segments are due. They are looked at stream by stream, in a walk through all due packs
 * at once, as if these were merged; only a bit is kept for each segment. So the time grows with the segments, and the memory hardly does.
 *
 * <p><b>Why a stream loses only its beginning.</b> Of a stream's due segments the oldest go, up to the first that stays. A pack that isn't due is
 * asked if it may have older segments of the stream. A due pack that can't be read or written anew stays as a whole; then it is treated like one that
 * isn't due, and all is decided again. At the end one change of the manifest removes all that goes. Packs of later windows aren't asked, although a
 * stream has gone back to an earlier window if the clock was ahead: {@link MisdatedParts} comes before.
 *
 * <p><b>Beside deletions.</b> A stream may be deleted after it was decided that some of its segments stay and are written anew. The change of the
 * manifest then lists these as deleted in the new pack, too: see {@link Manifest#replaced}.
 *
 * @param <R> the rule
 */
public final class DuePacks<R extends DuePacks.Rule> {

    /** Says what goes. */
    public interface Rule {
        /**
         * @param dues the stream's segments in packs that are due, in order of position
         * @return how many of them are deleted, the oldest first
         */
        int going(StreamKey key, List<HeldBack.Due> dues);

        /** Whether a pack goes that can't be read, so that its content isn't known: all of it has to be due, and nothing held for a consumer. */
        boolean isUnreadableGoing(ListedPack pack, ExpiryPlan.Cause cause);
    }

    private final PackStore store;
    private final Supplier<R> rules;
    private final Consumer<ListedPack> toFetch;
    private final Consumer<Exception> failed;

    private final Map<Long, ExpiryPlan.Cause> causes = new HashMap<>();
    /** Packs that are due and stay as they are; below, those of them that can't be read, so that their content isn't known. */
    private final Set<ListedPack> staying = new HashSet<>();
    private final Set<ListedPack> unreadable = new HashSet<>();
    /** Numbers of other packs that can't be read and may have older segments, so that streams stay. Each is reported once. */
    private final Set<Long> told = new HashSet<>();
    /** Numbers of packs that aren't due and have segments that stand before due ones. */
    private final Set<Long> before = new HashSet<>();
    private boolean mayWrite = true;
    private List<DuePack> packs = List.of();
    /** The manifest by which it was decided what stays. */
    private Manifest decidedBy = Manifest.EMPTY;
    private List<ListedPack> unreadableGoing = List.of();

    /**
     * The packs of a plan; call {@link #decide} before anything else.
     *
     * @param rules gives the rule; once for each time that all is decided
     * @param toFetch receives every pack that would have to be written anew, but stays because it is in the tier
     * @param failed receives why a pack could not be read or written, and stays
     */
    public DuePacks(PackStore store, List<ExpiryPlan.Deletion> plan, Supplier<R> rules, Consumer<ListedPack> toFetch, Consumer<Exception> failed) {
        this.store = store;
        this.rules = rules;
        this.toFetch = toFetch;
        this.failed = failed;
        plan.stream().filter(deletion -> deletion.key().equals(PackSweep.KEY))
                .forEach(deletion -> causes.put(deletion.segment().basePosition(), deletion.cause()));
    }

    // ---------------------------------------------------------------- one pack

    /** A pack that is due, and what is decided of its segments, by their places in its table. */
    private static final class DuePack {
        final ListedPack pack;
        final PackReader reader;
        final ExpiryPlan.Cause cause;
        /** Packs that may have older segments of the same streams, and stay. */
        final List<PackReader> older;
        final BitSet going = new BitSet();
        final BitSet kept = new BitSet();

        DuePack(ListedPack pack, PackReader reader, ExpiryPlan.Cause cause, List<PackReader> older) {
            this.pack = pack;
            this.reader = reader;
            this.cause = cause;
            this.older = older;
        }

        /** Whether there is nothing to delete in it. */
        boolean stays() {
            return going.isEmpty() && !kept.isEmpty();
        }

        boolean isPartial() {
            return !going.isEmpty() && !kept.isEmpty();
        }

        HeldBack.Due due(PackEntry entry) {
            return DuePacks.due(pack, entry, cause);
        }
    }

    static HeldBack.Due due(ListedPack pack, PackEntry entry, ExpiryPlan.Cause cause) {
        ExpiryPlan.Segment segment = new ExpiryPlan.Segment(entry.basePosition(), pack.expirationMillis(), pack.window().endMillis(),
                entry.dataBytes(), true);
        // no consumer is ever delivered the end of a segment without records, for example one whose records were all erased
        long end = entry.records() == 0 ? entry.basePosition() : entry.endPosition();
        return new HeldBack.Due(new ExpiryPlan.Deletion(entry.key().text(), segment, cause), end);
    }

    /** A walk through a due pack. */
    private static final class Walk {
        final DuePack of;
        final PackRun run;
        /** Place of the current segment in the pack's table. */
        int place = -1;

        Walk(DuePack of) {
            this.of = of;
            this.run = of.reader.run();
        }
    }

    /** Says that a pack stays, because it or another pack could not be read. */
    private static final class UnreadablePack extends Exception {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // never serialized
        private final ListedPack pack;
        private final Exception why;
        private final boolean isOther;

        UnreadablePack(ListedPack pack, Exception why) {
            this(pack, why, false);
        }

        /** @param isOther whether another pack could not be read, which may have older segments of the pack's streams */
        UnreadablePack(ListedPack pack, Exception why, boolean isOther) {
            super(why);
            this.pack = pack;
            this.why = why;
            this.isOther = isOther;
        }
    }

    private interface Visit {
        void visit(DuePack pack, int place, PackEntry entry) throws UnreadablePack;
    }

    /** Goes through the segments of packs as if these were merged: in the order of the keys, then of the positions. */
    private static void walk(List<DuePack> packs, Visit each) throws UnreadablePack {
        Queue<Walk> walks = new PriorityQueue<>(Comparator.comparing(walk -> walk.run));
        for (DuePack pack : packs) {
            advance(new Walk(pack), walks);
        }
        while (!walks.isEmpty()) {
            Walk first = walks.remove();
            each.visit(first.of, first.place, first.run.entry());
            advance(first, walks);
        }
    }

    private static void advance(Walk walk, Queue<Walk> walks) throws UnreadablePack {
        try {
            if (walk.run.next()) {
                walk.place++;
                walks.add(walk);
            }
        } catch (IOException | WalException e) {
            throw new UnreadablePack(walk.of.pack, e);
        }
    }

    // ---------------------------------------------------------------- deciding

    /**
     * Decides what goes. When a pack turns out to stay as a whole, all is decided again, by a new rule; each time around one more pack stays, so this
     * ends.
     *
     * @return the rule by which all was decided
     */
    public R decide() {
        while (true) {
            try {
                before.clear();
                decidedBy = store.manifest();
                packs = open();
                R rule = rules.get();
                Decision decision = new Decision(rule);
                walk(packs, decision);
                decision.end();
                if (isWritable()) {
                    unreadableGoing = unreadable.stream().filter(pack -> rule.isUnreadableGoing(pack, cause(pack))).toList();
                    return rule;
                }
            } catch (UnreadablePack e) {
                staying.add(e.pack);
                if (!e.isOther && PackFailure.isOfPack(e.why)) {
                    unreadable.add(e.pack);
                }
                failed.accept(e.why);
            }
        }
    }

    /** Whether all packs can be written anew that have to be; those that can't stay. */
    private boolean isWritable() {
        List<ListedPack> partial = packs.stream().filter(DuePack::isPartial).map(due -> due.pack).toList();
        List<ListedPack> inTier = partial.stream().filter(store.manifest()::isInTier).toList();
        inTier.forEach(toFetch);
        return !staying.addAll(mayWrite ? inTier : partial);
    }

    private List<DuePack> open() throws UnreadablePack {
        List<ListedPack> all = store.packs();
        List<ListedPack> others = all.stream().filter(pack -> !isDue(pack)).toList();
        List<DuePack> due = new ArrayList<>();
        for (ListedPack pack : all) {
            if (isDue(pack)) {
                List<PackReader> older = new ArrayList<>();
                for (ListedPack other : others) {
                    if (mayHaveOlder(other, pack)) {
                        older.add(reader(other, pack));
                    }
                }
                due.add(new DuePack(pack, reader(pack, pack), cause(pack), older));
            }
        }
        return due;
    }

    private ExpiryPlan.Cause cause(ListedPack pack) {
        return causes.getOrDefault(pack.number(), ExpiryPlan.Cause.EXPIRED);
    }

    private boolean isDue(ListedPack pack) {
        return causes.containsKey(pack.number()) && !staying.contains(pack);
    }

    /** @param blamed the pack that stays if {@code pack} can't be opened */
    private PackReader reader(ListedPack pack, ListedPack blamed) throws UnreadablePack {
        try {
            return store.reader(pack);
        } catch (IOException | WalException e) {
            throw new UnreadablePack(blamed, e, !pack.equals(blamed));
        }
    }

    /**
     * Whether a pack that stays may have older segments of a stream that has some in a due pack. Under the same options older windows expire first,
     * unless they were merged with later ones: a pack with several windows expires with the last of them. Packs of one window expire together, and a
     * limit of bytes takes one of them before the other; their numbers don't say which of them has the older segments.
     *
     * <p>After a clock was put back, a later window may have the older segment. If that window lies in the future, {@link MisdatedParts} has removed it;
     * else it isn't found, and decision 27 says why.
     */
    private boolean mayHaveOlder(ListedPack other, ListedPack due) {
        boolean isKnownToStay = staying.contains(other) && !unreadable.contains(other);
        return isKnownToStay || !other.isOfSameOptions(due.optionsHash())
                || (other.expirationMillis() >= due.expirationMillis() && other.window().startMillis() < due.window().endMillis());
    }

    /** Decides stream by stream; segments of a stream follow each other. */
    private final class Decision implements Visit {
        private final Rule rule;
        private final List<HeldBack.Due> dues = new ArrayList<>();
        private final List<DuePack> packsOfDues = new ArrayList<>();
        private final List<Integer> places = new ArrayList<>();
        private @Nullable StreamKey key;

        Decision(Rule rule) {
            this.rule = rule;
        }

        @Override
        public void visit(DuePack pack, int place, PackEntry entry) {
            store.checkGoesOn();
            if (key == null || !entry.key().equals(key)) {
                end();
                key = entry.key();
            }
            if (store.counts(pack.pack, entry)) {
                dues.add(pack.due(entry));
                packsOfDues.add(pack);
                places.add(place);
            }
        }

        /** Decides about the stream whose segments were visited last. */
        void end() {
            StreamKey of = key;
            if (of != null && !dues.isEmpty()) {
                int going = rule.going(of, dues);
                for (int i = 0; i < dues.size(); i++) {
                    DuePack pack = packsOfDues.get(i);
                    going = i < going && isBehindWhatStays(of, dues.get(i), pack) ? i : going;
                    (i < going ? pack.going : pack.kept).set(places.get(i));
                }
            }
            dues.clear();
            packsOfDues.clear();
            places.clear();
        }
    }

    private boolean isBehindWhatStays(StreamKey key, HeldBack.Due due, DuePack pack) {
        Optional<PackReader> older = pack.older.stream().filter(other -> mayHaveOlder(other, key, due.deletion().segment().basePosition())).findFirst();
        older.ifPresent(other -> before.add(other.number()));
        return older.isPresent();
    }

    /** Also true if that can't be read, for example because a block of the pack's table is damaged: then the stream stays, and others go. */
    private boolean mayHaveOlder(PackReader other, StreamKey key, long basePosition) {
        try {
            for (PackEntry entry : other.find(key)) {
                if (entry.basePosition() < basePosition && counts(other, entry)) {
                    return true;
                }
            }
            return false;
        } catch (IOException | WalException e) {
            if (told.add(other.number())) {
                failed.accept(e);
            }
            return true;
        }
    }

    private boolean counts(PackReader pack, PackEntry entry) {
        return !store.manifest().isVoid(entry.key(), entry.basePosition(), pack.number());
    }

    /** Whether it was decided that all that is due stays. */
    public boolean isNothingGoing() {
        return unreadableGoing.isEmpty() && packs.stream().allMatch(DuePack::stays);
    }

    /** The manifest by which it was decided what goes. */
    public Manifest decidedBy() {
        return decidedBy;
    }

    /** Numbers of packs that aren't due and have older segments of a stream, so that due ones behind these stay. */
    public Set<Long> before() {
        return Set.copyOf(before);
    }

    // ---------------------------------------------------------------- carrying it out

    /**
     * Deletes what goes.
     *
     * @param each receives every deleted segment, except those of packs that can't be read: in the order of the keys, then of the positions
     * @return false if a pack could not be written anew: then nothing was deleted, and all is to be {@link #decide decided} again
     */
    public boolean carryOut(Consumer<SweptSegment> each) {
        Telling telling = new Telling(each);
        List<DuePack> going = packs.stream().filter(due -> !due.stays()).toList();
        List<ListedPack> gone = new ArrayList<>(going.stream().map(due -> due.pack).toList());
        gone.addAll(unreadableGoing);
        List<ListedPack> carried = new ArrayList<>();
        for (DuePack due : going) {
            if (due.isPartial() && !isWritten(due, carried)) {
                carried.forEach(pack -> store.changes.discard(pack.number()));
                return false;
            }
        }
        try {
            if (!gone.isEmpty()) {
                // one change for all: a stream with segments in several of them must not lose a later one before an older one
                store.sweep(gone, carried, decidedBy, () -> tell(going, telling));
            }
        } catch (IOException | RuntimeException e) {
            // packs that the manifest lists after all stay
            carried.forEach(pack -> store.changes.discard(pack.number()));
            RuntimeException thrown = telling.failure;
            if (thrown != null) {
                throw thrown;
            }
            failed.accept(e);
        }
        return true;
    }

    /** Remembers an exception of the receiver: it ends the sweep, unlike a failure of the packs. */
    private static final class Telling implements Consumer<SweptSegment> {

        private final Consumer<SweptSegment> each;
        private @Nullable RuntimeException failure;

        Telling(Consumer<SweptSegment> each) {
            this.each = each;
        }

        @Override
        public void accept(SweptSegment gone) {
            try {
                each.accept(gone);
            } catch (RuntimeException e) {
                failure = e;
                throw e;
            }
        }
    }

    /** Packs that can't be read, and that {@link #carryOut} has deleted, or would. */
    public List<ListedPack> unreadableGoing() {
        return unreadableGoing;
    }

    private boolean isWritten(DuePack due, List<ListedPack> carried) {
        try {
            carried.add(store.writtenInPlaceOf(due.reader, (place, entry) -> due.kept.get(place)));
            return true;
        } catch (WalClosedException e) {
            // the next opening deletes the packs that were written before this one
            throw e;
        } catch (IOException | WalException e) {
            staying.add(due.pack);
            // a full disk has no room for the others either
            mayWrite &= e instanceof CorruptSegmentException;
            failed.accept(e);
            return false;
        }
    }

    private void tell(List<DuePack> gone, Consumer<SweptSegment> each) {
        Map<Long, Path> files = new HashMap<>();
        try {
            walk(gone, (pack, place, entry) -> {
                if (pack.going.get(place)) {
                    Path file = files.computeIfAbsent(pack.pack.number(), unused -> store.file(pack.pack));
                    each.accept(new SweptSegment(PackStore.deleted(pack.pack, file, entry), entry.key().text(), pack.cause));
                }
            });
        } catch (UnreadablePack e) {
            failed.accept(e.why);
        }
    }
}
