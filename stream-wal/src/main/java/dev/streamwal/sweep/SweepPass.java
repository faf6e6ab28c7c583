package dev.streamwal.sweep;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileOperation;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.packing.DuePacks;
import dev.streamwal.packing.MisdatedParts;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackSweep;
import dev.streamwal.packing.SweptSegment;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.MisdatedSegments;
import dev.streamwal.retention.PresentRetention;
import dev.streamwal.retention.SweepTime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** One pass over all streams and packs. It is run once. */
final class SweepPass {

    /**
     * What all passes work on.
     *
     * @param maxTotalBytes of all streams
     */
    record Swept(SweptLog wal, SweepEvents report, ConsumerHolds holds, PackStore store, PackSweep packs, long maxTotalBytes) {}

    /** What the passes before this one have found. Only the running pass uses it, and one runs at a time. */
    static final class Memory {
        /** Whether the last pass by the clock refused to delete something. */
        private boolean refusing;
        /** The last pass, if packs were due and nothing went. */
        private @Nullable FruitlessPass fruitless;
    }

    private final Swept swept;
    private final Memory memory;
    private final PassTime time;
    private final PresentRetention retention;
    private final SweepTally tally;
    /** Whether any pack is due by the time of the pass, whether that is believed or not. */
    private boolean isAnyPackDue;
    /** Streams with segments of their own, by key. */
    private final Map<String, StreamLog> logs = new HashMap<>();
    /** Streams that could not be looked at: nothing of them goes, because they may have older data in files of their own. */
    private final Set<String> unknown = new HashSet<>();
    /** Packs in the tier that would have to be written anew. */
    private final List<ListedPack> toFetch = new ArrayList<>();
    private boolean isAnyBehindFiles;
    /** Where streams begin in shared segments, whose data is deleted only after it was packed. */
    private ToLongFunction<StreamKey> shared = key -> Long.MAX_VALUE;

    SweepPass(Swept swept, Memory memory, PassTime time, PresentRetention retention, SweepTally tally) {
        this.swept = swept;
        this.memory = memory;
        this.time = time;
        this.retention = retention;
        this.tally = tally;
    }

    /** Packs in the tier that it would have had to write anew. */
    List<ListedPack> toFetch() {
        return List.copyOf(toFetch);
    }

    /** Whether it has deleted something, without a failure, and files that it deleted last may have stood before segments in packs. */
    boolean isMoreToGo() {
        return isAnyBehindFiles && tally.isAnyDeleted() && !tally.isAnyFailed();
    }

    /** The caller holds the lock of deletions. */
    Sweeper.Result run() {
        swept.wal().checkWriter();
        SweepTime.Outcome asked = look();
        List<ExpiryPlan.Stream> views = asked.streams();
        long segments = swept.store().places().segments()
                + views.stream().filter(view -> !isPacks(view.key())).mapToInt(view -> view.segments().size()).sum();
        List<ExpiryPlan.Deletion> plan = ExpiryPlan.of(time.nowMillis(), swept.maxTotalBytes(), views);
        Set<ExpiryPlan.Deletion> due = Set.copyOf(plan);
        FruitlessPass before = memory.fruitless;
        if (before != null && isAsBefore(before, due)) {
            swept.store().notDeleted().ifPresent(tally::failed);
            return result(segments, before.heldSegments(), before.heldBytes(), asked.segments(), asked.bytes());
        }
        memory.fruitless = null;
        shared = sharedBeginnings(plan);
        ConsumerHolds.Look held = swept.holds().look(time.heldMillis(), plan.stream().filter(deletion -> !isPacks(deletion.key())).toList(), views, logs);
        SweepDecisions decisions = carryOut(plan, due, held);
        swept.store().notDeleted().ifPresent(tally::failed);
        return result(segments, decisions.heldSegments(), decisions.heldBytes(), asked.segments() + decisions.doubtedSegments(),
                asked.bytes() + decisions.doubtedBytes());
    }

    private boolean isAsBefore(FruitlessPass before, Set<ExpiryPlan.Deletion> due) {
        return !tally.isAnyFailed() && before.isSame(time.nowMillis(), due, retention, swept.store().manifest())
                && swept.holds().areAsBefore(before.cursors());
    }

    private Sweeper.Result result(long segments, int heldSegments, long heldBytes, int refused, long refusedBytes) {
        if (refused > 0) {
            swept.report().sweepRefused(time.nowMillis(), time.knownMillis(), refused, refusedBytes, !memory.refusing);
        }
        memory.refusing = !time.isBelieved() && (memory.refusing || refused > 0);
        return tally.result(segments, heldSegments, heldBytes, refused);
    }

    private static boolean isPacks(String key) {
        return key.equals(PackSweep.KEY);
    }

    // ---------------------------------------------------------------- what there is

    /** All streams' segments and packs, with expirations as far as the clock is believed. */
    private SweepTime.Outcome look() {
        List<ExpiryPlan.Stream> packs = swept.packs().views();
        List<ExpiryPlan.Stream> present = packs.stream().map(retention::ofPacks).toList();
        isAnyPackDue = present.stream().flatMap(view -> view.segments().stream()).anyMatch(pack -> pack.expirationMillis() <= time.nowMillis());
        List<ExpiryPlan.Stream> all = ownSegments();
        List<ExpiryPlan.Stream> latest = new ArrayList<>(all);
        all.addAll(present);
        packs.forEach(view -> latest.add(retention.latestOfPacks(view)));
        return time.decide(bytes(all) > swept.maxTotalBytes() ? compared(all) : all, latest, this::isSharedBegunBefore);
    }

    private List<ExpiryPlan.Stream> ownSegments() {
        List<ExpiryPlan.Stream> views = new ArrayList<>();
        for (StreamLog log : swept.wal().streams()) {
            try {
                log.finishCut();
                log.sealIfIdle(time.nowMillis());
                ExpiryPlan.Stream view = retention.of(log.expiryView(time.nowMillis(), retention.shortensAny(), inPacks(log.key())));
                if (!view.segments().isEmpty()) {
                    views.add(view);
                    logs.put(log.key().text(), log);
                }
            } catch (IOException | RuntimeException e) {
                tally.failed(log.key().text(), e);
                // a cut that is left keeps nothing in packs from going, because that may make the room that the cut needs
                if (log.mayHaveSegments()) {
                    unknown.add(log.key().text());
                }
            }
        }
        return views;
    }

    private MisdatedSegments.InPacks inPacks(StreamKey key) {
        return new MisdatedSegments.InPacks() {
            @Override
            public boolean isAnyDue() {
                return isAnyPackDue;
            }

            @Override
            public List<MisdatedSegments.Packed> segments() throws IOException {
                return swept.packs().segmentsOf(key, retention::of, time::isAhead);
            }
        };
    }

    private static long bytes(List<ExpiryPlan.Stream> views) {
        return views.stream().flatMap(view -> view.segments().stream()).mapToLong(ExpiryPlan.Segment::bytes).sum();
    }

    /**
     * With the segments' headers read. Only now does it matter which stream's segment is older; the headers tell that, whatever the streams'
     * retention is now.
     */
    private List<ExpiryPlan.Stream> compared(List<ExpiryPlan.Stream> views) {
        List<ExpiryPlan.Stream> compared = new ArrayList<>(views.size());
        for (ExpiryPlan.Stream view : views) {
            if (isPacks(view.key())) {
                compared.add(view);
                continue;
            }
            try {
                compared.add(retention.of(log(view.key()).expiryView(time.nowMillis(), true, inPacks(StreamKey.of(view.key())))));
            } catch (IOException | RuntimeException e) {
                compared.add(view);
                tally.failed(view.key(), e);
            }
        }
        compared.removeIf(view -> view.segments().isEmpty());
        return compared;
    }

    private StreamLog log(String key) {
        return Objects.requireNonNull(logs.get(key), key);
    }

    /** What is in shared segments isn't swept before it is packed, and only then is it known when it expires. */
    private boolean isSharedBegunBefore(long millis) {
        try {
            return swept.store().places().isSharedBegunBefore(millis);
        } catch (IOException | WalException e) {
            // the clock isn't believed before this is known; the next pass asks again
            return true;
        }
    }

    /** Reads them only if a plan has something that may have older data there before it. */
    private ToLongFunction<StreamKey> sharedBeginnings(List<ExpiryPlan.Deletion> plan) {
        try {
            boolean arePacks = plan.stream().allMatch(deletion -> isPacks(deletion.key()));
            List<Long> numbers = plan.stream().map(deletion -> deletion.segment().basePosition()).toList();
            return plan.isEmpty() || (arePacks && swept.store().areOlderThanShared(numbers)) ? shared : swept.store().places().sharedBeginnings();
        } catch (IOException | WalException e) {
            // if it isn't known what stands before a segment, nothing is deleted
            tally.failed(e);
            return key -> Long.MIN_VALUE;
        }
    }

    // ---------------------------------------------------------------- what goes

    /** Deletes the oldest data of each stream first, wherever it is. */
    private SweepDecisions carryOut(List<ExpiryPlan.Deletion> plan, Set<ExpiryPlan.Deletion> due, ConsumerHolds.Look held) {
        DuePacks<SweepDecisions> duePacks = new DuePacks<>(swept.store(), plan,
                () -> new SweepDecisions(held, retention, time, this::oldestElsewhere), toFetch::add, tally::failed);
        DueFiles dueFiles = new DueFiles(swept.wal().deletions(), logs, tally);
        SweepDecisions decisions = decided(duePacks);
        List<ExpiryPlan.Deletion> beforePacks = mayGo(decisions.goingFiles(plan));
        dueFiles.carryOut(beforePacks);
        boolean isAnyRemoved = isAnyMisdatedRemoved(plan, decisions, held);
        try {
            // what stood behind that may go now
            decisions = beforePacks.isEmpty() && !isAnyRemoved ? decisions : decided(duePacks);
            while (!duePacks.carryOut(tally::deletedFromPack)) {
                decisions = decided(duePacks);
            }
            duePacks.unreadableGoing().forEach(tally::deletedUnread);
        } finally {
            tally.tellListener();
        }
        Set<ExpiryPlan.Deletion> done = new HashSet<>(beforePacks);
        List<ExpiryPlan.Deletion> left = decisions.goingFiles(plan).stream().filter(file -> !done.contains(file)).toList();
        makeWay(left, held);
        List<ExpiryPlan.Deletion> behindPacks = mayGo(left);
        dueFiles.carryOut(behindPacks);
        isAnyBehindFiles = !behindPacks.isEmpty() && decisions.isAnyBehindOthers();
        remember(due, held, duePacks, decisions);
        return decisions;
    }

    private static SweepDecisions decided(DuePacks<SweepDecisions> duePacks) {
        SweepDecisions decisions = duePacks.decide();
        decisions.decideRest();
        return decisions;
    }

    /** Where a stream's oldest data outside of packs begins. */
    private long oldestElsewhere(StreamKey key) {
        if (unknown.contains(key.text())) {
            return Long.MIN_VALUE;
        }
        StreamLog own = logs.get(key.text());
        return Math.min(own == null ? Long.MAX_VALUE : own.oldestPosition(), shared.applyAsLong(key));
    }

    /** The files without older data of their stream in a shared segment or pack, as far as that can be determined. */
    private List<ExpiryPlan.Deletion> mayGo(List<ExpiryPlan.Deletion> files) {
        List<ExpiryPlan.Deletion> first = files.stream()
                .filter(file -> file.segment().basePosition() < shared.applyAsLong(StreamKey.of(file.key()))).toList();
        return swept.packs().withoutThoseBehindPacks(first, tally::failed);
    }

    /**
     * Removes from packs what stands before files of streams that have too many bytes. Packs have nothing of a stream that was begun with such a
     * limit; but if the limit was set later, the stream's files would otherwise stay until what was packed before them expires. What consumers
     * hold of that stays, and so do the files behind it. What is in shared segments stays until it is packed.
     */
    private void makeWay(List<ExpiryPlan.Deletion> files, ConsumerHolds.Look held) {
        Map<StreamKey, Long> below = new LinkedHashMap<>();
        files.stream().filter(file -> file.cause() == ExpiryPlan.Cause.STREAM_BYTES).forEach(file -> {
            StreamKey key = StreamKey.of(file.key());
            below.computeIfAbsent(key, unused -> Math.min(file.segment().basePosition(), oldestElsewhere(key)));
        });
        boolean unused = isTold(() -> swept.packs().removeBelow(below, (key, dues) -> going(key, dues, held), tally::failed));
    }

    /** Removes from packs what streams got while the clock was ahead, before what they have behind it goes. */
    private boolean isAnyMisdatedRemoved(List<ExpiryPlan.Deletion> plan, SweepDecisions decisions, ConsumerHolds.Look held) {
        MisdatedParts.Rule rule = new MisdatedParts.Rule() {
            @Override
            public ExpiryPlan.@Nullable Segment due(HeldBack.Due inPack) {
                ExpiryPlan.Deletion present = retention.of(inPack).deletion();
                return decisions.isDue(present) ? present.segment() : null;
            }

            @Override
            public long oldestElsewhere(StreamKey key) {
                return SweepPass.this.oldestElsewhere(key);
            }

            @Override
            public int going(StreamKey key, List<HeldBack.Due> dues) throws IOException {
                return SweepPass.this.going(key, dues, held);
            }
        };
        return isTold(() -> new MisdatedParts(swept.store(), plan, time::isAhead, rule, tally::failed).remove());
    }

    /** How many of a stream's oldest segments in packs aren't held. No deleted file that stood before them comes back. */
    private int going(StreamKey key, List<HeldBack.Due> dues, ConsumerHolds.Look held) throws IOException {
        int going = Math.min(dues.size(), held.of(key.text(), dues).deletions().size());
        StreamLog own = logs.get(key.text());
        if (going > 0 && own != null) {
            own.forceDeletions();
        }
        return going;
    }

    /** Removes something from packs, and tells what; returns whether it was anything. */
    private boolean isTold(FileOperation<List<SweptSegment>> removal) {
        List<SweptSegment> gone = List.of();
        try {
            gone = removal.run();
        } catch (IOException | WalException e) {
            tally.failed(e);
        }
        try {
            gone.forEach(tally::deletedFromPack);
        } finally {
            tally.tellListener();
        }
        return !gone.isEmpty();
    }

    private void remember(Set<ExpiryPlan.Deletion> due, ConsumerHolds.Look held, DuePacks<SweepDecisions> duePacks, SweepDecisions decisions) {
        boolean isFruitless = !tally.isAnyFailed() && toFetch.isEmpty() && duePacks.isNothingGoing() && !decisions.isAnyFileGoing();
        if (isFruitless && !decisions.isAnyBehindOthers()) {
            held.changes().ifPresent(cursors -> memory.fruitless = new FruitlessPass(due, retention, duePacks.decidedBy(), duePacks.before(), cursors,
                    Math.min(decisions.nextDueMillis(), held.nextReleaseMillis()), decisions.heldSegments(), decisions.heldBytes()));
        }
    }
}
