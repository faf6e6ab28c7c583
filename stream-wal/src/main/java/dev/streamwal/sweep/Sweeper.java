package dev.streamwal.sweep;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.StreamLog;
import dev.streamwal.engine.RestingThread;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.SweepEvent;
import dev.streamwal.format.KeyScope;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackSweep;
import dev.streamwal.packing.SweptSegment;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.PresentRetention;
import dev.streamwal.retention.TimeRules;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Seals idle segments and deletes expired ones: collects the state of every stream, lets {@link ExpiryPlan} decide, leaves what is held for
 * consumers ({@link ConsumerHolds}), and carries the plan out. One {@linkplain SweepPass pass} at a time, on its own thread at intervals or on a
 * calling thread.
 */
public final class Sweeper {

    /** The task's name in reports of its failures. */
    public static final String TASK = "sweep";

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

    private final SweepPass.Swept swept;
    private final SweepPass.Memory memory = new SweepPass.Memory();
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

    public Sweeper(SweptLog wal, SweepEvents report, ConsumerHolds holds, PackStore store, PackSweep packs, Limits limits, KnownTime time) {
        this.swept = new SweepPass.Swept(wal, report, holds, store, packs, limits.maxTotalBytes());
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
            swept.store().neededBySweep(passByClock(null).toFetch());
            prepareNextWindows(isStopped);
        } catch (WalClosedException e) {
            // the thread is stopped next
        } catch (Throwable failure) {
            if (!isStopped.getAsBoolean()) {
                swept.report().sweepFailed(null, failure);
            }
        }
    }

    /** Has segments ready for windows that begin soon. Runs after a pass, because deletions and packing would wait for the files. */
    private void prepareNextWindows(BooleanSupplier isStopped) {
        long maxLeadMillis = PASSES_AHEAD * TimeUnit.NANOSECONDS.toMillis(intervalNanos);
        for (StreamLog stream : swept.wal().streams()) {
            if (isStopped.getAsBoolean()) {
                return;
            }
            stream.prepareNextWindow(swept.wal().nowMillis(), maxLeadMillis);
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
            retention = swept.maxTotalBytes() == Long.MAX_VALUE ? applied : retention;
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
            return passWithoutPacking(swept.wal().nowMillis(), true, once == null ? retention : once, each -> {});
        } finally {
            passes.unlock();
        }
    }

    /** Sweeps by a time that the caller vouches for. */
    public Result sweep(Instant now, Consumer<SweptSegment> each) {
        return fetchingBetween(() -> {
            passes.lock();
            try {
                return passWithoutPacking(TimeRules.millis(now), false, retention, each);
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
            fetched.forEach(swept.store()::release);
        }
    }

    /** @return null if it was fetched */
    private @Nullable IOException fetchFailure(ListedPack pack) {
        try {
            swept.store().fetch(pack);
            return null;
        } catch (IOException e) {
            swept.report().sweepFailed(null, StorageErrors.translate("fetch a pack that is swept", e, swept.store().file(pack)));
            return e;
        }
    }

    /** Goes on until all is gone that is due: a stream loses the oldest first, and its data may lie in packs, then in files, then in packs again. */
    private Outcome passWithoutPacking(long nowMillis, boolean isByClock, PresentRetention by, Consumer<SweptSegment> each) {
        SweepPass pass = pass(nowMillis, isByClock, by, each);
        Result all = run(pass);
        while (pass.isMoreToGo()) {
            pass = pass(nowMillis, isByClock, by, each);
            all = all.then(run(pass));
        }
        idle.forget(nowMillis);
        return new Outcome(all, pass.toFetch());
    }

    private SweepPass pass(long nowMillis, boolean isByClock, PresentRetention by, Consumer<SweptSegment> each) {
        return new SweepPass(swept, memory, new PassTime(nowMillis, isByClock, time, maxAdvanceMillis), by, new SweepTally(swept.report(), each));
    }

    private Result run(SweepPass pass) {
        try {
            long begun = swept.report().begins();
            long begunNanos = System.nanoTime();
            SweepEvent event = FlightRecording.isOn() ? new SweepEvent() : null;
            Result result = swept.store().whileDeleting(pass::run);
            swept.report().ended(TASK, begun);
            swept.report().sweepTook(result.held(), System.nanoTime() - begunNanos);
            if (event != null) {
                event.swept(result.deleted(), result.failed(), result.held(), result.live(), result.bytesReclaimed());
            }
            return result;
        } catch (IOException e) {
            throw StorageErrors.translate("sweep", e, swept.store().root());
        }
    }
}
