package dev.streamwal;

import dev.streamwal.append.LogEvents;
import dev.streamwal.commit.CommitEvents;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.engine.BackgroundRecovery;
import dev.streamwal.engine.ListenerThread;
import dev.streamwal.engine.OpenFailures;
import dev.streamwal.engine.UntoldFailures;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.events.DamageFoundEvent;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.SegmentDeleteEvent;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.measure.FlushCause;
import dev.streamwal.measure.LogMeasures;
import dev.streamwal.measure.PackTask;
import dev.streamwal.measure.StallCause;
import dev.streamwal.measure.Tag;
import dev.streamwal.measure.Timing;
import dev.streamwal.packing.Packer;
import dev.streamwal.packing.SweptSegment;
import dev.streamwal.recovery.Findings;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.RedoResult;
import dev.streamwal.recovery.Repair;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.sweep.SweepEvents;
import dev.streamwal.sweep.Sweeper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Passes background events on to the program's listener, the log's statistics, and its health. */
final class BackgroundReport extends LogMeasures implements LogEvents, CommitEvents, StreamRecovery.Listener, SweepEvents, Packer.Events {

    private static final String LISTENER = "listener";
    private static final String APPEND = "append";

    /** Damage that was found, by recovery or by packing. No later attempt undoes it: the log isn't healthy until it is opened again. */
    private static final String DAMAGE = "damage";

    private final Path root;
    private final ListenerThread<WalListener> listener;
    private final RecoveryLedger ledger = new RecoveryLedger();
    private final LongAdder sweepFailures = new LongAdder();
    private final OpenFailures failures;
    private final UntoldFailures untold = new UntoldFailures(this::report);
    private final LogCounts counts = new LogCounts();

    /**
     * The report of one log.
     *
     * @param root the log's directory
     * @param thread whether the listener has a thread of its own
     * @param clock for the time when the log's health changed
     */
    BackgroundReport(Path root, WalListener listener, boolean thread, InstantSource clock) {
        this.root = root;
        this.failures = new OpenFailures(clock);
        this.listener = new ListenerThread<>(listener, listener.equals(WalOptions.NOBODY), thread,
                (told, failure) -> tellFailure(told, LISTENER, Optional.empty(), failure));
    }

    /** @param key of the stream that the event is about */
    private void tell(Optional<String> key, Consumer<WalListener> event) {
        listener.tell(told -> tell(told, key, event));
    }

    /** An exception of the program's listener doesn't reach the log's own work: the listener is told of it. */
    private static void tell(WalListener told, Optional<String> key, Consumer<WalListener> event) {
        try {
            event.accept(told);
        } catch (Throwable failure) {
            tellFailure(told, LISTENER, key, failure);
        }
    }

    private static void tellFailure(WalListener told, String task, Optional<String> key, Throwable failure) {
        try {
            told.onFailure(task, key, failure);
        } catch (Throwable notAgain) {
            // a failure of onFailure itself can't be reported
        }
    }

    /** Never throws. A failure that can't be reported now, because the heap is full, is reported at the next chance; until then the log isn't healthy. */
    @Override
    public void failed(String task, @Nullable String stream, Throwable failure) {
        untold.tell(task, stream, failure);
    }

    private void report(String task, @Nullable String stream, Throwable thrown) {
        Throwable failure = published(task, thrown);
        if (thrown instanceof FlushFailedException) {
            failures.failedForGood(task, stream, failure);
        } else if (!task.equals(GroupCommitter.COMPLETE)) {
            // a failure of the program's executor isn't the log's
            failures.failed(task, stream, failure);
        }
        Optional<String> key = OpenFailures.keyOf(stream);
        listener.tell(told -> tellFailure(told, task, key, failure));
        // last, so that a report that is tried again counts once
        counts.failed(task);
    }

    /** A failure of the file system, as callers get it: a program asks by its class whether the disk is full. */
    private Throwable published(String task, Throwable thrown) {
        if (thrown instanceof FlushFailedException flush) {
            return flush.published(root, null);
        }
        return thrown instanceof IOException failure ? StorageErrors.translate(task, failure, root) : thrown;
    }

    @Override
    public long begins() {
        untold.tellKept();
        return failures.begins();
    }

    @Override
    public void ended(String task, @Nullable String key, long begun) {
        failures.ended(task, key, begun);
    }

    @Override
    public void ended(String task, long begun) {
        failures.endedForAll(task, begun);
    }

    @Override
    public void appendHasNoRoom(Throwable failure) {
        refused(APPEND, failure);
    }

    @Override
    public void appendHasRoom() {
        failures.endedForAll(APPEND, failures.begins());
    }

    @Override
    public void journalHasNoRoom(Throwable failure) {
        refused(GroupCommitter.CHECKPOINT, failure);
    }

    /** The listener isn't told, because the caller has the exception, or there is a method of its own. But the log isn't healthy. */
    private void refused(String task, Throwable failure) {
        failures.failed(task, null, published(task, failure));
    }

    @Override
    public void nothingToSeal(String key) {
        untold.tellKept();
        failures.endedForStream(key, Sweeper.TASK);
    }

    /** After a deletion, no failed task of the stream can be tried again. */
    void streamDeleted(String key) {
        untold.tellKept();
        failures.endedForStream(key, "");
    }

    /** As known now. */
    WalHealth health() {
        untold.tellKept();
        OpenFailures.View view = failures.view();
        return WalHealth.of(view.last().isPresent() ? view : new OpenFailures.View(view.isFinal(), view.since(), untold.any()));
    }

    @Override
    public void sealed(Path file, SegmentHeader header, long endPosition, long bytes) {
        SealedSegment segment = new SealedSegment(new SealedSegment.Fields(file, header.key().text(), header.basePosition(), endPosition,
                Instant.ofEpochMilli(header.expirationMillis()), bytes));
        counts.sealed();
        untold.tellKept();
        // earlier failures to prepare or sweep don't matter any more
        failures.endedForStream(segment.key(), Sweeper.TASK);
        tell(Optional.of(segment.key()), told -> told.onSealed(segment));
    }

    @Override
    public void packed(ListedPack pack, Path file, long bytesBefore) {
        PackedSegments packed = new PackedSegments(new PackedSegments.Fields(file, Instant.ofEpochMilli(pack.window().startMillis()),
                Instant.ofEpochMilli(pack.window().endMillis()), Instant.ofEpochMilli(pack.expirationMillis()), pack.segments(),
                pack.records(), pack.bytes(), bytesBefore));
        tell(Optional.empty(), told -> told.onPacked(packed));
    }

    @Override
    public void merged(ListedPack pack, Path file, List<ListedPack> before) {
        MergedPacks merged = new MergedPacks(new MergedPacks.Fields(file, Instant.ofEpochMilli(pack.window().startMillis()),
                Instant.ofEpochMilli(pack.window().endMillis()), before.size(), pack.segments(), pack.bytes(),
                before.stream().mapToLong(ListedPack::bytes).sum()));
        tell(Optional.empty(), told -> told.onMerged(merged));
    }

    @Override
    public void tiered(ListedPack pack, Path file, String tier, String object) {
        TieredPack moved = new TieredPack(new TieredPack.Fields(file, tier, object, Instant.ofEpochMilli(pack.window().startMillis()),
                Instant.ofEpochMilli(pack.window().endMillis()), pack.segments(), pack.bytes()));
        tell(Optional.empty(), told -> told.onTiered(moved));
    }

    @Override
    public void repaired(StreamKey key, Findings findings) {
        List<Repair> damages = findings.repairs().stream().filter(repair -> repair.decision().isAboutDamage()).toList();
        damages.forEach(repair ->
                damaged(key.text(), repair.file(), repair.offset(), repair.length(), repair.decision().meaning()));
        damages.stream().findFirst().ifPresent(repair ->
                failures.failed(DAMAGE, null, new CorruptSegmentException("recovery has found damage: " + repair.decision().meaning()
                        + ": stream=" + key + ", file=" + repair.file() + ", offset=" + repair.offset() + ", length=" + repair.length()
                        + "; recoveryReport() has all that was found",
                        repair.file(), key.text(), WalException.NO_POSITION, repair.offset(), repair.length(), null)));
        RecoveryReport.StreamFindings found = RecoveryLedger.findings(key.text(), findings);
        tell(Optional.of(found.key()), told -> told.onRecovered(found));
    }

    @Override
    public void recovered(StreamKey key, Findings findings) {
        ledger.recovered(key.text(), findings);
        failures.ended(BackgroundRecovery.TASK, key.text(), begins());
    }

    @Override
    public void refused(StreamKey key, Findings findings, Exception why) {
        ledger.refused(key.text(), findings, why);
        if (why instanceof CorruptSegmentException damage) {
            damaged(key.text(), damage.file(), DamageFoundEvent.UNKNOWN, 0, "refused: " + damage.getMessage());
        }
    }

    /** Packing has found a damaged shared segment, and a copy of it is in the quarantine. */
    void damagedInShared(CorruptSegmentException damage) {
        damaged(null, damage.file(), damage.offset(), damage.length(), "not packed");
        failed(DAMAGE, null, new CorruptSegmentException("damaged records of a shared segment can't be packed, and can't be read any more once the others"
                + " are packed; the first: " + damage.getMessage() + "; a copy of the segment is in " + root.resolve(Quarantine.NAME)
                + ", and a backup may have the records",
                damage.file(), null, WalException.NO_POSITION, damage.offset(), damage.length(), damage));
    }

    private void damaged(@Nullable String key, @Nullable Path file, long offset, long length, String decision) {
        counts.damaged();
        if (FlightRecording.isOn()) {
            DamageFoundEvent.found(key, file, offset, length, decision);
        }
    }

    @Override
    public void read(long bytes) {
        ledger.read(bytes);
    }

    /** What recovery has found so far. */
    RecoveryLedger ledger() {
        return ledger;
    }

    /** One event for all segments: a listener's queue might have no room for one each. */
    void deleted(List<DeletedSegment> segments) {
        if (!segments.isEmpty()) {
            segments.forEach(this::count);
            listener.tell(told -> segments.forEach(segment -> tell(told, Optional.of(segment.key()), each -> each.onSwept(segment))), segments.size());
        }
    }

    @Override
    public void swept(List<SweptSegment> segments) {
        deleted(segments.stream().map(DeletedSegment::of).toList());
    }

    private void count(DeletedSegment segment) {
        counts.deleted(segment.reason());
        if (FlightRecording.isOn()) {
            SegmentDeleteEvent.deleted(Tag.of(segment.reason()), segment.key(), segment.path(), segment.bytes());
        }
    }

    @Override
    public void sweepRefused(long clockMillis, long knownMillis, int segments, long bytes, boolean isNews) {
        RefusedSweep refused = new RefusedSweep(
                new RefusedSweep.Fields(Instant.ofEpochMilli(clockMillis), Instant.ofEpochMilli(knownMillis), segments, bytes));
        refused(Sweeper.TASK, new WalException("expired segments are kept, because the clock is further ahead than maxClockAdvance: clock=" + refused.clock()
                + ", known=" + refused.known() + ", segments=" + segments + ", bytes=" + bytes + ", root=" + root
                + "; set the clock right, or confirm it by sweep(Instant) or stream-wal sweep --believe-clock", root, null, WalException.NO_POSITION));
        if (isNews) {
            tell(Optional.empty(), told -> told.onSweepRefused(refused));
        }
    }

    @Override
    public void sweepFailed(@Nullable String stream, Throwable failure) {
        failed(Sweeper.TASK, stream, failure);
        sweepFailures.increment();
    }

    /** What has happened so far, with the numbers that only the caller knows. */
    WalActivity activity(long commitWaiters, long journalBytes, long packBacklogBytes) {
        return new WalActivity(new WalActivity.Fields(counts.appends(), counts.rejectedAppends(),
                stats(StallCause.values(), this::stalls),
                stats(FlushCause.values(), this::flushes),
                stats(PackTask.values(), this::packing),
                OperationStats.of(sweeps()), OperationStats.of(recoveries()),
                packs(), counts.sealedSegments(), counts.deletedSegments(), heldSegments(),
                counts.failures(), counts.corruptions(), commitWaiters, journalBytes, packBacklogBytes));
    }

    private static <E extends Enum<E>> Map<String, OperationStats> stats(E[] constants, Function<E, Timing> timing) {
        return Stream.of(constants).collect(Collectors.toMap(Tag::of, each -> OperationStats.of(timing.apply(each))));
    }

    /** How often things happened. */
    LogCounts counts() {
        return counts;
    }

    long sweepFailures() {
        return sweepFailures.sum();
    }

    /** Whether the caller is the listener. */
    boolean isListening() {
        return listener.isCurrent();
    }

    /** Returns when the listener has received all events so far. */
    void awaitListener() {
        listener.await();
    }

    /** Records what was redone from the commit journal, and reports the parts that could not be read. */
    void redone(RedoResult redo) {
        // the journal also names segments that had all of its bytes: nothing was unfinished in them
        redo.segments().stream().filter(segment -> segment.bytes() > 0)
                .forEach(segment -> ledger.redone(segment.header().key().text(), segment.records(), segment.bytes()));
        redo.damages().forEach(damage -> damaged(null, damage.file(), damage.offset(), damage.length(), damage.what()));
        redo.damages().forEach(damage -> failed("read the commit journal", null, new IllegalStateException(
                damage.what() + ": file=" + damage.file() + ", offset=" + damage.offset() + ", length=" + damage.length()
                        + "; it was passed over, and is kept in quarantine/")));
    }

    /** Ends the listener's thread. */
    void end() {
        listener.end();
    }
}
