package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.SweepEvent;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.packing.DuePacks;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackSweep;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.PresentRetention;
import dev.streamwal.retention.SweepTime;
import dev.streamwal.retention.TimeRules;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Seals idle segments and deletes expired ones: collects the state of every stream, lets {@link ExpiryPlan} decide, leaves what is held for
 * consumers ({@link ConsumerHolds}), and carries the plan out. One pass at a time, on its own thread at intervals or on a calling thread.
 */
public final class Sweeper {

    /** The task's name in reports of its failures. */
    public static final String TASK = "sweep";

    /** Limit of a pack's segments in one event: one event each would overflow a listener's queue. */
    private static final int TOLD_AT_ONCE = 4_096;

    /**
     * Limits of bytes and times.
     *
     * @param maxTotalBytes of all streams
     * @param intervalNanos between two passes; 0: sweeps run only when called
     * @param maxAdvanceMillis how far the clock may be ahead of the known time
     * @param maxIdleStreams if more streams are in memory, idle ones don't stay there
     * @param presentRetention of streams; sweeps go by it once it was {@link #applyRetention applied}
     */
    public record Limits(long maxTotalBytes, long intervalNanos, long maxAdvanceMillis, int maxIdleStreams, PresentRetention presentRetention) {}

    /** Windows that end within so many passes have the next segments prepared: a pass may come late. */
    private static final int PASSES_AHEAD = 4;

    /** When the packs that a pass needs were fetched, the next pass needs others only if a consumer or another thread changed something in between. */
    private static final int MAX_ROUNDS = 4;

    /** What a pass did and left. */
    public record Result(int deleted, int failed, int live, long bytesReclaimed, int held, long heldBytes, int refused) {

        /** This and a later pass together. */
        private Result then(Result later) {
            return new Result(deleted + later.deleted, failed + later.failed, later.live, bytesReclaimed + later.bytesReclaimed, later.held,
                    later.heldBytes, later.refused);
        }

        private Result failedOnceMore() {
            return new Result(deleted, failed + 1, live, bytesReclaimed, held, heldBytes, refused);
        }
    }

    private final SweptLog wal;
    private final SweepEvents report;
    private final ConsumerHolds holds;
    private final PackStore store;
    private final PackSweep packs;
    private final long maxTotalBytes;
    private final ReentrantLock passes = new ReentrantLock();
    private final RestingThread thread;
    private final long intervalNanos;
    private final KnownTime time;
    private final long maxAdvanceMillis;
    private final IdleStreams idle;

    /**
     * From its application on, all passes go by it. If only one did, each stream would keep its last segments of a longer retention, because these
     * hadn't expired by then; and what is appended behind them would stay as long as they do.
     */
    @GuardedBy("passes")
    private PresentRetention retention;

    /** Whether the last pass by the clock refused to delete something. Only the running pass uses it, and one runs at a time. */
    private boolean refusing;

    /** The last pass, if packs were due and nothing went. Used as {@link #refusing} is. */
    private @Nullable FruitlessPass fruitless;

    public Sweeper(SweptLog wal, SweepEvents report, ConsumerHolds holds, PackStore store, PackSweep packs, Limits limits, KnownTime time) {
        this.wal = wal;
        this.report = report;
        this.holds = holds;
        this.store = store;
        this.packs = packs;
        this.maxTotalBytes = limits.maxTotalBytes();
        this.intervalNanos = limits.intervalNanos();
        this.time = time;
        this.maxAdvanceMillis = limits.maxAdvanceMillis();
        this.idle = new IdleStreams(wal, store, limits.maxIdleStreams());
        this.retention = limits.presentRetention();
        this.thread = RestingThread.atIntervals("stream-wal-sweep", intervalNanos, this::sweepInBackground);
    }

    public void start() {
        thread.start();
    }

    private void sweepInBackground(BooleanSupplier isStopped) {
        try {
            // what this pass can't do without the tier, the tier's thread prepares for the next pass
            store.neededBySweep(passByClock(null).toFetch());
            prepareNextWindows();
        } catch (WalClosedException e) {
            // the thread is stopped next
        } catch (Throwable failure) {
            if (!isStopped.getAsBoolean()) {
                report.sweepFailed(null, failure);
            }
        }
    }

    /** Has segments ready for windows that begin soon. Runs after a pass, because deletions and packing would wait for the files. */
    private void prepareNextWindows() {
        long maxLeadMillis = PASSES_AHEAD * TimeUnit.NANOSECONDS.toMillis(intervalNanos);
        for (StreamLog stream : wal.streams()) {
            if (thread.isStopped()) {
                return;
            }
            stream.prepareNextWindow(wal.nowMillis(), maxLeadMillis);
        }
    }

    /** Ends the thread, after the current pass. */
    public void stop() {
        thread.stop();
    }

    /** Sweeps by the log's clock, as far as the clock is believed. */
    public Result sweepByClock() {
        return fetchingBetween(() -> passByClock(null));
    }

    /**
     * Like {@link #sweepByClock()}; from now on, in all sweeps, these streams also expire by their present retention. If all bytes together have a
     * limit, this holds for this sweep only: the log can't grow then, and a pack that is due for some of its streams, and stays for others, would no
     * longer count for the limit.
     */
    public Result applyRetention(KeyScope keys) {
        PresentRetention applied;
        passes.lock();
        try {
            applied = retention.appliedTo(keys);
            retention = maxTotalBytes == Long.MAX_VALUE ? applied : retention;
        } finally {
            passes.unlock();
        }
        return fetchingBetween(() -> passByClock(applied));
    }

    /** @param once the retention by which this pass goes; null: the one by which all passes go */
    private Outcome passByClock(@Nullable PresentRetention once) {
        passes.lock();
        try {
            // within the lock: passes run in the order in which they read the clock
            return passWithoutPacking(new Pass(wal.nowMillis(), each -> {}, true, once == null ? retention : once));
        } finally {
            passes.unlock();
        }
    }

    /** Sweeps by a time that the caller vouches for. */
    public Result sweep(Instant now, Consumer<SweptSegment> each) {
        return fetchingBetween(() -> {
            passes.lock();
            try {
                return passWithoutPacking(new Pass(TimeRules.millis(now), each, false, retention));
            } finally {
                passes.unlock();
            }
        });
    }

    /** Runs a step that takes whole packs away, which a pass may be about to replace. */
    public void betweenPasses(FileStep step) throws IOException {
        passes.lock();
        try {
            step.run();
        } finally {
            passes.unlock();
        }
    }

    /** What a pass did, and the packs in the tier that it would have had to write anew. */
    private record Outcome(Result result, List<ListedPack> toFetch) {}

    /** Runs passes, and after each one fetches what it needs of the tier, with no lock; passes of the log's own thread don't wait for the tier. */
    private Result fetchingBetween(Supplier<Outcome> pass) {
        List<ListedPack> fetched = new ArrayList<>();
        try {
            Outcome outcome = pass.get();
            Result all = outcome.result();
            // a pack for which the disk has no room doesn't keep others from being fetched
            Set<ListedPack> failed = new HashSet<>();
            for (int round = 1; round < MAX_ROUNDS && !failed.containsAll(outcome.toFetch()); round++) {
                for (ListedPack pack : outcome.toFetch()) {
                    if (!failed.contains(pack)) {
                        fetched.add(pack);
                        IOException failure = fetchFailure(pack);
                        if (failure != null) {
                            failed.add(pack);
                            all = all.failedOnceMore();
                        }
                        if (failure instanceof TierFailure) {
                            // the others would fail as well
                            return all;
                        }
                    }
                }
                outcome = pass.get();
                all = all.then(outcome.result());
            }
            return all;
        } finally {
            fetched.forEach(store::release);
        }
    }

    /** @return null if it was fetched */
    private @Nullable IOException fetchFailure(ListedPack pack) {
        try {
            store.fetch(pack);
            return null;
        } catch (IOException e) {
            report.sweepFailed(null, StorageErrors.translate("fetch a pack that is swept", e, store.file(pack)));
            return e;
        }
    }

    private Outcome passWithoutPacking(Pass next) {
        try {
            long begun = report.begins();
            long begunNanos = System.nanoTime();
            SweepEvent event = FlightRecording.isOn() ? new SweepEvent() : null;
            if (event != null) {
                event.begin();
            }
            Result result = store.whileDeleting(next::run);
            idle.forget(next.nowMillis);
            report.ended(TASK, begun);
            report.sweepTook(result.held(), System.nanoTime() - begunNanos);
            if (event != null) {
                event.swept(result.deleted(), result.failed(), result.held(), result.live(), result.bytesReclaimed());
            }
            return new Outcome(result, List.copyOf(next.toFetch));
        } catch (IOException e) {
            throw StorageErrors.translate("sweep", e, store.root());
        }
    }

    /** One pass over all streams and packs. */
    private final class Pass {

        private final long nowMillis;
        private final Consumer<SweptSegment> each;
        private final Map<String, StreamLog> logs = new HashMap<>();
        /** Streams that could not be looked at: nothing of them goes, because they may have older data in files of their own. */
        private final Set<String> unknown = new HashSet<>();
        private int deleted;
        private int failed;
        private long reclaimed;
        private final boolean byClock;
        private final PresentRetention retention;
        /** See {@link SweepTime}. If the clock isn't believed, this is the time up to which anything expires that was begun before the clock went ahead. */
        private boolean isBelieved = true;
        private long knownMillis;
        /** Deleted segments of packs that the listener wasn't told of yet. */
        private final List<SweptSegment> untold = new ArrayList<>();
        /** Packs in the tier that would have to be written anew. */
        private final List<ListedPack> toFetch = new ArrayList<>();
        /** Where streams begin in shared segments, whose data is deleted only after it was packed. */
        private PackStore.SharedBeginnings shared = key -> Long.MAX_VALUE;

        Pass(long nowMillis, Consumer<SweptSegment> each, boolean byClock, PresentRetention retention) {
            this.nowMillis = nowMillis;
            this.each = each;
            this.byClock = byClock;
            this.retention = retention;
        }

        Result run() {
            wal.checkWriter();
            List<ExpiryPlan.Stream> all = look();
            List<ExpiryPlan.Stream> packed = packs.views();
            List<ExpiryPlan.Stream> latest = new ArrayList<>(all);
            packed.forEach(view -> {
                all.add(retention.ofPacks(view));
                latest.add(retention.latestOfPacks(view));
            });
            SweepTime.Outcome asked = asked(bytes(all) > maxTotalBytes ? compared(all) : all, latest);
            List<ExpiryPlan.Stream> views = asked.streams();
            long segments = views.stream().filter(view -> !isPacks(view.key())).mapToInt(view -> view.segments().size()).sum()
                    + store.segments();
            List<ExpiryPlan.Deletion> plan = ExpiryPlan.of(nowMillis, maxTotalBytes, views);
            Set<ExpiryPlan.Deletion> due = Set.copyOf(plan);
            FruitlessPass before = fruitless;
            if (before != null && failed == 0 && before.isSame(nowMillis, due, retention, store.manifest()) && holds.areAsBefore(before.cursors())) {
                store.notDeleted().ifPresent(this::failed);
                return result(segments, before.heldSegments(), before.heldBytes(), asked.segments(), asked.bytes());
            }
            fruitless = null;
            shared = sharedBeginnings(plan);
            ConsumerHolds.Look held = holds.look(heldMillis(), plan.stream().filter(deletion -> !isPacks(deletion.key())).toList(), views, logs);
            DuePacks<Decisions> duePacks = packs.due(plan, () -> new Decisions(held), toFetch::add, this::failed);
            Decisions decisions = decided(duePacks);
            // the oldest data of a stream first, wherever it is
            List<ExpiryPlan.Deletion> beforePacks = mayGo(decisions.goingFiles(plan));
            carryOut(beforePacks);
            try {
                // what stood behind these files may go now
                decisions = beforePacks.isEmpty() ? decisions : decided(duePacks);
                while (!duePacks.carryOut(this::tell)) {
                    decisions = decided(duePacks);
                }
                duePacks.unreadableGoing().forEach(this::countUnread);
            } finally {
                tellListener();
            }
            Set<ExpiryPlan.Deletion> done = new HashSet<>(beforePacks);
            List<ExpiryPlan.Deletion> left = decisions.goingFiles(plan).stream().filter(file -> !done.contains(file)).toList();
            makeWay(left, held);
            carryOut(mayGo(left));
            remember(due, held, duePacks, decisions);
            store.notDeleted().ifPresent(this::failed);
            return result(segments, decisions.heldSegments, decisions.heldBytes, asked.segments() + decisions.doubtedSegments,
                    asked.bytes() + decisions.doubtedBytes);
        }

        private Result result(long segments, int heldSegments, long heldBytes, int refused, long refusedBytes) {
            if (!refusing && refused > 0) {
                report.sweepRefused(nowMillis, knownMillis, refused, refusedBytes);
            }
            refusing = !isBelieved && (refusing || refused > 0);
            return new Result(deleted, failed, (int) Math.min(Integer.MAX_VALUE, segments - deleted), reclaimed, heldSegments, heldBytes, refused);
        }

        private void remember(Set<ExpiryPlan.Deletion> due, ConsumerHolds.Look held, DuePacks<Decisions> duePacks, Decisions decisions) {
            boolean isFruitless = failed == 0 && toFetch.isEmpty() && duePacks.isNothingGoing() && decisions.goingFiles.isEmpty();
            if (isFruitless && !decisions.isAnyBehindOthers) {
                held.changes().ifPresent(cursors -> fruitless = new FruitlessPass(due, retention, duePacks.decidedBy(), duePacks.before(), cursors,
                        Math.min(decisions.nextDueMillis, held.nextReleaseMillis()), decisions.heldSegments, decisions.heldBytes));
            }
        }

        private Decisions decided(DuePacks<Decisions> duePacks) {
            Decisions decisions = duePacks.decide();
            decisions.decideRest();
            return decisions;
        }

        /** What goes and what is held, stream by stream. */
        private final class Decisions implements DuePacks.Rule {
            private final ConsumerHolds.Look held;
            private final Set<String> decided = new HashSet<>();
            private final Set<ExpiryPlan.Deletion> goingFiles = new HashSet<>();
            private int heldSegments;
            private long heldBytes;
            /** What stays in due packs because the clock isn't believed. */
            private int doubtedSegments;
            private long doubtedBytes;
            /** When the first segment of a due pack is due that isn't due yet. */
            private long nextDueMillis = Long.MAX_VALUE;
            /** Whether a segment in a pack stays behind older data that isn't in packs. */
            private boolean isAnyBehindOthers;

            Decisions(ConsumerHolds.Look held) {
                this.held = held;
            }

            /**
             * A pack is due with the first of its streams. Segments of other streams stay if they aren't due by their stream's present retention, and
             * so do those that stand behind older data elsewhere.
             */
            @Override
            public int going(StreamKey key, List<HeldBack.Due> dues) {
                long elsewhere = unknown.contains(key.text()) ? Long.MIN_VALUE : beginningElsewhere(key);
                List<HeldBack.Due> due = new ArrayList<>(dues.size());
                for (HeldBack.Due each : dues) {
                    HeldBack.Due present = retention.of(each);
                    if (!isDue(present)) {
                        stays(present.deletion().segment());
                        break;
                    }
                    if (present.deletion().segment().basePosition() > elsewhere) {
                        isAnyBehindOthers = true;
                        break;
                    }
                    due.add(present);
                }
                return Math.min(due.size(), decide(key.text(), due));
            }

            private void stays(ExpiryPlan.Segment segment) {
                nextDueMillis = Math.min(nextDueMillis, segment.expirationMillis());
                if (segment.expirationMillis() <= nowMillis) {
                    doubtedSegments++;
                    doubtedBytes += segment.bytes();
                }
            }

            @Override
            public boolean isUnreadableGoing(ListedPack pack, ExpiryPlan.Cause cause) {
                ExpiryPlan.Segment whole = new ExpiryPlan.Segment(pack.number(), pack.expirationMillis(), pack.window().endMillis(), pack.bytes(), true);
                boolean isDue = cause != ExpiryPlan.Cause.EXPIRED || isExpired(whole);
                return isDue && holds.maxMillis() <= heldMillis() - pack.expirationMillis();
            }

            /** Returns the number of segments that go, with files. */
            private int decide(String key, List<HeldBack.Due> packed) {
                HeldBack.Outcome outcome = held.of(key, packed);
                heldSegments += outcome.segments();
                heldBytes += outcome.bytes();
                if (held.keysOfFiles().contains(key)) {
                    decided.add(key);
                    goingFiles.addAll(outcome.deletions());
                }
                return outcome.deletions().size();
            }

            /** Decides for streams that have no segments in due packs. */
            void decideRest() {
                held.keysOfFiles().stream().filter(key -> !decided.contains(key)).toList().forEach(key -> decide(key, List.of()));
            }

            /** In the order of the plan. */
            List<ExpiryPlan.Deletion> goingFiles(List<ExpiryPlan.Deletion> plan) {
                return plan.stream().filter(deletion -> !isPacks(deletion.key()) && goingFiles.contains(deletion)).toList();
            }
        }

        private static boolean isPacks(String key) {
            return key.equals(PackSweep.KEY);
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
                below.computeIfAbsent(key, unused -> Math.min(file.segment().basePosition(), beginningElsewhere(key)));
            });
            List<DuePacks.Gone> gone = List.of();
            try {
                gone = packs.removeBelow(below, (key, dues) -> {
                    int going = Math.min(dues.size(), held.of(key.text(), dues).deletions().size());
                    if (going > 0) {
                        log(key.text()).forceDeletions();
                    }
                    return going;
                }, this::failed);
            } catch (IOException | WalException e) {
                failed(e);
            }
            try {
                gone.forEach(this::tell);
            } finally {
                tellListener();
            }
        }

        private boolean isDue(HeldBack.Due due) {
            return due.deletion().cause() != ExpiryPlan.Cause.EXPIRED || isExpired(due.deletion().segment());
        }

        /** Each stream's part of a pack is judged by itself: a pack is due with the first of them, and others may be kept for longer. */
        private boolean isExpired(ExpiryPlan.Segment segment) {
            return segment.expirationMillis() <= nowMillis
                    && (isBelieved || !SweepTime.isDoubted(segment, nowMillis, knownMillis, maxAdvanceMillis));
        }

        /** The time by which consumers' holds end. */
        private long heldMillis() {
            return isBelieved ? nowMillis : knownMillis;
        }

        /** Reads them only if a plan has something that may have older data there before it. */
        private PackStore.SharedBeginnings sharedBeginnings(List<ExpiryPlan.Deletion> plan) {
            try {
                boolean arePacks = plan.stream().allMatch(deletion -> isPacks(deletion.key()));
                List<Long> numbers = plan.stream().map(deletion -> deletion.segment().basePosition()).toList();
                return plan.isEmpty() || (arePacks && store.areOlderThanShared(numbers)) ? shared : store.sharedBeginnings();
            } catch (IOException | WalException e) {
                // if it isn't known what stands before a segment, nothing is deleted
                failed(e);
                return key -> Long.MIN_VALUE;
            }
        }

        /** The files without older data of their stream in a shared segment or pack, as far as that can be determined. */
        private List<ExpiryPlan.Deletion> mayGo(List<ExpiryPlan.Deletion> files) {
            List<ExpiryPlan.Deletion> first = files.stream()
                    .filter(file -> file.segment().basePosition() < shared.of(StreamKey.of(file.key()))).toList();
            return packs.withoutThoseBehindPacks(first, this::failed);
        }

        /** Where a stream's oldest data outside of packs begins. */
        private long beginningElsewhere(StreamKey key) {
            StreamLog own = logs.get(key.text());
            return Math.min(own == null ? Long.MAX_VALUE : own.oldestPosition(), shared.of(key));
        }

        private void tell(DuePacks.Gone gone) {
            deleted++;
            reclaimed += gone.bytes();
            SegmentName name = new SegmentName(gone.basePosition(), gone.expirationMillis());
            SweptSegment segment = new SweptSegment(new StreamLog.Deleted(gone.pack(), name, gone.bytes()), gone.key().text(), gone.cause());
            untold.add(segment);
            if (untold.size() == TOLD_AT_ONCE) {
                tellListener();
            }
            each.accept(segment);
        }

        /** Its segments can't be told one by one. */
        private void countUnread(ListedPack pack) {
            deleted += (int) Math.min(Integer.MAX_VALUE - deleted, pack.segments());
            reclaimed += pack.bytes();
        }

        private void tellListener() {
            if (!untold.isEmpty()) {
                report.swept(List.copyOf(untold));
                untold.clear();
            }
        }

        private void failed(Exception failure) {
            failed(null, failure);
        }

        private void failed(@Nullable String key, Exception failure) {
            failed++;
            report.sweepFailed(key, failure);
        }

        /**
         * The streams' segments, with expirations as far as the clock is believed.
         *
         * @param views packs with the earliest expiration of their streams, by which they are due
         * @param latest the same, but packs with the latest one: as long as that is in doubt, the clock isn't believed
         */
        private SweepTime.Outcome asked(List<ExpiryPlan.Stream> views, List<ExpiryPlan.Stream> latest) {
            if (!byClock) {
                return new SweepTime.Outcome(views, 0, 0, true);
            }
            knownMillis = time.millis();
            isBelieved = SweepTime.of(nowMillis, knownMillis, maxAdvanceMillis, latest, this::isSharedBegunBefore).isBelieved();
            if (isBelieved) {
                time.believe(nowMillis);
                return new SweepTime.Outcome(views, 0, 0, true);
            }
            return SweepTime.of(nowMillis, knownMillis, maxAdvanceMillis, views, millis -> true);
        }

        /** What is in shared segments isn't swept before it is packed, and only then is it known when it expires. */
        private boolean isSharedBegunBefore(long millis) {
            try {
                return store.isSharedBegunBefore(millis);
            } catch (IOException | WalException e) {
                // the clock isn't believed before this is known; the next pass asks again
                return true;
            }
        }

        private List<ExpiryPlan.Stream> look() {
            List<ExpiryPlan.Stream> views = new ArrayList<>();
            for (StreamLog log : wal.streams()) {
                try {
                    log.finishCut();
                    log.sealIfIdle(nowMillis);
                    ExpiryPlan.Stream view = retention.of(log.expiryView(nowMillis, retention.shortensAny()));
                    if (!view.segments().isEmpty()) {
                        views.add(view);
                        logs.put(log.key().text(), log);
                    }
                } catch (IOException | RuntimeException e) {
                    failed(log.key().text(), e);
                    // a cut that is left keeps nothing in packs from going, because that may make the room that the cut needs
                    if (log.mayHaveSegments()) {
                        unknown.add(log.key().text());
                    }
                }
            }
            return views;
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
                    compared.add(retention.of(log(view.key()).expiryView(nowMillis, true)));
                } catch (IOException | RuntimeException e) {
                    compared.add(view);
                    report.sweepFailed(view.key(), e);
                }
            }
            compared.removeIf(view -> view.segments().isEmpty());
            return compared;
        }

        /**
         * Decides for every stream, records all decisions, and deletes. If one deletion of a stream fails, its later ones aren't done: a
         * stream loses its beginning and nothing else.
         */
        private void carryOut(List<ExpiryPlan.Deletion> plan) {
            List<Deletion.Kept> kept = new ArrayList<>();
            try {
                Map<String, Long> below = writeDown(decide(plan), kept);
                for (ExpiryPlan.Deletion deletion : plan) {
                    Long position = below.get(deletion.key());
                    if (position != null && !delete(deletion, position)) {
                        below.remove(deletion.key());
                    }
                }
            } finally {
                kept.forEach(Deletion.Kept::close);
            }
        }

        private List<Deletion.Below> decide(List<ExpiryPlan.Deletion> plan) {
            Map<String, Long> newest = new LinkedHashMap<>();
            plan.forEach(deletion -> newest.put(deletion.key(), deletion.segment().basePosition()));
            List<Deletion.Below> decided = new ArrayList<>(newest.size());
            newest.forEach((key, basePosition) -> {
                StreamLog log = log(key);
                try {
                    log.condemnUpTo(basePosition).ifPresent(below -> decided.add(new Deletion.Below(log.key(), below)));
                } catch (IOException | RuntimeException e) {
                    failed(key, e);
                }
            });
            return decided;
        }

        /** What can't be recorded isn't deleted; the next pass tries again. */
        private Map<String, Long> writeDown(List<Deletion.Below> decided, List<Deletion.Kept> kept) {
            Map<String, Long> below = new HashMap<>();
            for (int from = 0; from < decided.size(); from += DeletionLog.MAX_STREAMS) {
                List<Deletion.Below> some = decided.subList(from, Math.min(decided.size(), from + DeletionLog.MAX_STREAMS));
                try {
                    kept.add(wal.deletions().deletedBelow(List.copyOf(some)));
                    some.forEach(stream -> below.put(stream.key().text(), stream.position()));
                } catch (IOException | RuntimeException e) {
                    failed += some.size();
                    report.sweepFailed(null, e);
                }
            }
            return below;
        }

        private StreamLog log(String key) {
            return Objects.requireNonNull(logs.get(key), key);
        }

        private boolean delete(ExpiryPlan.Deletion deletion, long below) {
            Optional<StreamLog.Deleted> gone;
            try {
                gone = log(deletion.key()).deleteOldest(deletion.segment().basePosition(), below);
            } catch (IOException | RuntimeException e) {
                failed(deletion.key(), e);
                return false;
            }
            if (gone.isEmpty()) {
                // purged, deleted or appended to since the plan was made
                return false;
            }
            deleted++;
            reclaimed += gone.get().bytes();
            SweptSegment segment = new SweptSegment(gone.get(), deletion.key(), deletion.cause());
            report.swept(List.of(segment));
            each.accept(segment);
            return true;
        }
    }
}
