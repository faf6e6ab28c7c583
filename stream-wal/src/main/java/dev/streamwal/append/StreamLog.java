package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.ActivityLayout;
import dev.streamwal.format.Positions;
import dev.streamwal.commit.CommitCursor;
import dev.streamwal.commit.CommitSegment;
import dev.streamwal.commit.CommitStream;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.reader.EntryNotFoundException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalClosedException;
import dev.streamwal.reader.WalException;
import dev.streamwal.recovery.RecoveredTail;
import dev.streamwal.recovery.SegmentCut;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.source.SegmentScan;
import dev.streamwal.storage.SegmentCopy;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.StorageBytes;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One stream, as its writer sees it: the segment that is appended to, and the chain behind it. Thread-safe. */
public final class StreamLog implements CommitStream {

    /*
     * Concurrency.
     *
     * `active` is where appends go. It changes under the rotation lock only, by compare-and-set, from
     *
     *   null       the stream has not been written to since the log was opened, or has no segment to go on with
     *   S          a segment; sealed while its successor could not be created
     *
     * Whoever finds that `active` can't take the record asks for a rotation, naming the segment it saw. Under the lock the first of them
     * seals that segment, which fixes its length and so its successor's base position, gives the successor its name, and sets `active`; the
     * others see that `active` has changed and go on with it. A rotation that fails, say because the disk is full, leaves the sealed
     * segment in `active`, and the next append tries again. So there is one successor for each segment, whoever asked.
     *
     * Lock order: rotation, segment, pool. Everything about the list of segments happens under the rotation lock; reading `active` needs
     * none.
     */

    private final LogContext log;
    private final StreamKey key;
    private final StreamPolicy policy;
    private final Path directory;
    private final long activityHash;
    private final AtomicReference<@Nullable ActiveSegment> active = new AtomicReference<>();
    private final SpareSlot spare;
    private final ReentrantLock rotation = new ReentrantLock();

    private final CommitCursor cursor = new CommitCursor(this);

    /** Told whether the stream has segments, whenever that may have changed; set before the stream is shared. */
    private SegmentsWatch watch = has -> {};

    @GuardedBy("rotation")
    private final SegmentList segments = new SegmentList();

    @GuardedBy("rotation")
    private final Continuation next = new Continuation();

    @GuardedBy("rotation")
    private boolean loaded;

    @GuardedBy("rotation")
    private boolean recovered;

    @GuardedBy("rotation")
    private long endAtLastPass = -1;

    /** Whether the name of the stream's directory is durable, since it was made or the log was opened. */
    private volatile boolean namesForced;

    /** A cut is being written down: until it is, or can't be, nobody knows where the next segment begins. */
    @GuardedBy("rotation")
    private boolean cutting;

    /** Whether {@link #cutting} has ended. */
    private final Condition decided = rotation.newCondition();

    /** A cut that was written down, and is not done yet. */
    @GuardedBy("rotation")
    private @Nullable Cut pending;

    public StreamLog(LogContext log, StreamKey key, StreamPolicy policy, Path directory) {
        this.log = log;
        this.key = key;
        this.policy = policy;
        this.directory = directory;
        this.activityHash = ActivityLayout.hash(key.text());
        this.spare = new SpareSlot(log, key, () -> log.isClosed() || active.get() == null);
    }

    /** Who keeps the stream while it has segments. */
    @FunctionalInterface
    public interface SegmentsWatch {
        void hasSegments(boolean any);
    }

    /** To be called once, before the stream is shared. */
    public void watch(SegmentsWatch newWatch) {
        watch = newWatch;
    }

    public StreamKey key() {
        return key;
    }

    /** See {@link ActivityLayout}. */
    long activityHash() {
        return activityHash;
    }

    public StreamPolicy policy() {
        return policy;
    }

    public Path directory() {
        return directory;
    }

    /** The largest batch that an empty segment takes. */
    public long capacityForRecords() {
        return (long) policy.segmentBytes() - SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    // ---------------------------------------------------------------- appending

    /** What {@link #append} returns where somebody else has appended. */
    public static final long MISMATCH = ActiveSegment.MISMATCH;

    /** For {@code expectedEnd}: wherever the end is. */
    public static final long ANY_END = ActiveSegment.ANY_END;

    /**
     * Appends a record whose lengths and timestamp were checked.
     *
     * @param clockMillis now
     * @return its position, or {@link #MISMATCH}
     */
    public long append(AppendScratch scratch, Draft draft, int frameBytes, long clockMillis, long expectedEnd) {
        long timestampMillis = draft.timestampMillis();
        long nowMillis = clockMillis;
        for (; ; ) {
            ActiveSegment segment = active.get();
            if (segment != null && takes(segment, timestampMillis, nowMillis)) {
                long outcome = segment.append(scratch, draft, frameBytes, expectedEnd);
                if (outcome >= 0 || outcome == MISMATCH) {
                    return outcome;
                }
            }
            if (expectedEnd != ANY_END && endPosition() != expectedEnd) {
                return MISMATCH;
            }
            rotate(segment, timestampMillis, nowMillis);
            nowMillis = notExpired(timestampMillis, nowMillis);
        }
    }

    /**
     * Appends two records or more, of which readers see all or none.
     *
     * @param newestTimestampMillis of the members
     * @return the first member's position
     */
    public long appendBatch(AppendScratch scratch, List<Draft> members, int batchBytes, long newestTimestampMillis, long clockMillis) {
        long nowMillis = clockMillis;
        for (; ; ) {
            ActiveSegment segment = active.get();
            if (segment != null && takes(segment, newestTimestampMillis, nowMillis)) {
                long outcome = segment.appendBatch(scratch, members, batchBytes);
                if (outcome >= 0) {
                    return outcome + Frames.LEAD_BYTES;
                }
            }
            rotate(segment, newestTimestampMillis, nowMillis);
            nowMillis = notExpired(newestTimestampMillis, nowMillis);
        }
    }

    /**
     * A time at which the window of this timestamp has not expired. It hadn't when the timestamp was checked; the clock that is asked again
     * after that may say otherwise, and no segment would do then.
     */
    private long notExpired(long timestampMillis, long nowMillis) {
        return Math.min(nowMillis, policy.expirationOf(policy.windowOf(timestampMillis)) - 1);
    }

    /** A segment that has expired would be swept with the record in it. */
    private static boolean takes(ActiveSegment segment, long timestampMillis, long nowMillis) {
        return timestampMillis < segment.windowEndMillis() && nowMillis < segment.expirationMillis();
    }

    /** Where the last record ends; before the first, where it will begin. */
    public long endPosition() {
        ActiveSegment segment = active.get();
        if (segment != null) {
            return segment.endPosition();
        }
        rotation.lock();
        try {
            recover();
            segment = active.get();
            if (segment != null) {
                return segment.endPosition();
            }
            return next.hasEnd() ? next.end() : log.positions().current().start();
        } finally {
            rotation.unlock();
        }
    }

    /** Where what is reserved ends; -1 where the stream has no segment. */
    public long reservedEnd() {
        ActiveSegment segment = active.get();
        if (segment == null) {
            rotation.lock();
            try {
                recover();
                segment = active.get();
                if (segment == null) {
                    return next.end();
                }
            } finally {
                rotation.unlock();
            }
        }
        return segment.reservedEnd();
    }

    /** Whether a slot was reserved here and can never be published. */
    public boolean isAbandoned(long position) {
        rotation.lock();
        try {
            return segments.unfinished().stream().anyMatch(segment -> segment.isAbandoned(position));
        } finally {
            rotation.unlock();
        }
    }

    /** Whether the segment with this position is appended to, or has no footer yet. */
    public boolean isUnfinished(long position) {
        rotation.lock();
        try {
            SegmentEntry holder = segments.holding(position);
            return holder != null && holder.unfinished() != null;
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- committing

    @Override
    public CommitCursor cursor() {
        return cursor;
    }

    @Override
    public @Nullable CommitSegment activeSegment() {
        return active.get();
    }

    @Override
    public long appendedEnd() {
        return reservedEnd();
    }

    @Override
    public List<? extends CommitSegment> unfinishedSegments() throws IOException {
        rotation.lock();
        try {
            recover();
            return segments.unfinished();
        } finally {
            rotation.unlock();
        }
    }

    @Override
    public List<? extends CommitSegment> openSegments() {
        rotation.lock();
        try {
            return segments.unfinished();
        } finally {
            rotation.unlock();
        }
    }

    /** Stream position before which everything survives power loss. */
    public long durablePosition() {
        rotation.lock();
        try {
            recover();
            // first: what is appended while the segments are looked at isn't promised
            long end = endPosition();
            for (ActiveSegment segment : segments.unfinished()) {
                if (segment.isUndurable()) {
                    return Math.min(end, segment.durableEnd());
                }
            }
            return end;
        } finally {
            rotation.unlock();
        }
    }

    /** Whether something was appended that isn't durable yet, as far as this process has looked at the stream. */
    public boolean isUndurable() {
        rotation.lock();
        try {
            return segments.unfinished().stream().anyMatch(ActiveSegment::isUndurable);
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- rotation

    private void rotate(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) {
        rotation.lock();
        try {
            awaitCut();
            checkOpen();
            if (active.get() != seen) {
                return;
            }
            finishCut(gone -> {});
            // asked before it is retired: the sealer may unmap it right then
            boolean busy = seen != null && seen.isMapped();
            if (seen == null) {
                recover();
                if (active.get() != null) {
                    return;
                }
            } else {
                retire(seen);
            }
            ActiveSegment successor = create(timestampMillis, nowMillis, busy);
            if (!active.compareAndSet(seen, successor)) {
                throw new IllegalStateException("the active segment changes under the rotation lock only: stream=" + key);
            }
            segments.add(new SegmentEntry(successor));
            watch.hasSegments(true);
        } catch (IOException e) {
            throw StorageErrors.translate("create a segment", e, directory, key.text(), WalException.NO_POSITION, policy.segmentBytes());
        } finally {
            rotation.unlock();
        }
        log.sealer().helpIfBehind();
    }

    private void checkOpen() {
        if (log.isClosed()) {
            throw new WalClosedException("the log is closed: stream=" + key, null, key.text(), WalException.NO_POSITION, null);
        }
    }

    /** Seals a segment and has its footer written, or deletes it where it is empty. What the stream goes on from is known then. */
    @GuardedBy("rotation")
    private void retire(ActiveSegment segment) throws IOException {
        segment.seal();
        next.after(segment);
        SegmentEntry entry = segments.of(segment);
        if (entry == null || entry.isSealed()) {
            return;
        }
        if (segment.isEmpty()) {
            discard(segment);
            log.storage().delete(segment.file().path());
            segments.remove(entry);
            return;
        }
        entry.seal();
        log.sealer().seal(segment);
    }

    /** The next segment, with its header and its final name; its name is the last thing that can fail. */
    @GuardedBy("rotation")
    private ActiveSegment create(long timestampMillis, long nowMillis, boolean busy) throws IOException {
        SpareSegment prepared = spare.take();
        SegmentFile file = null;
        try {
            SegmentHeader header = successorHeader(timestampMillis, nowMillis);
            Path name = directory.resolve(header.name().fileName());
            log.storage().createDirectory(directory);
            if (prepared != null) {
                prepared.writeHeader(header);
                file = prepared.file();
            } else {
                file = log.storage().create(directory.resolve(SegmentList.temporaryName(log.newSalt())));
                file.write(0, SegmentHeaderLayout.encode(header));
            }
            // the segment opens the file again when it has a seat for it
            file.close();
            log.storage().name(file.path(), name);
            file.renamed(name);
            ActiveSegment segment = new ActiveSegment(log, this, header, file, RecoveredTail.empty(header.headerLength()));
            if (prepared != null) {
                segment.adopt(prepared.mapping(), prepared.preparedBytes());
            } else if (busy) {
                segment.mapNow();
            }
            return segment;
        } catch (IOException | RuntimeException | Error e) {
            if (prepared != null) {
                spare.discard(prepared);
            } else if (file != null) {
                file.close();
                log.storage().delete(file.path());
            }
            throw e;
        }
    }

    @GuardedBy("rotation")
    private SegmentHeader successorHeader(long timestampMillis, long nowMillis) throws IOException {
        long basePosition = next.nextBase(log.positions().current().start());
        log.positions().raiseCeiling(basePosition + policy.segmentBytes());
        Window window = next.nextWindow(policy, timestampMillis);
        return new SegmentHeader(key, window, policy.expirationOf(window), basePosition, next.previousEnd(basePosition),
                log.recovery().incarnation(), log.newSalt(), nowMillis, policy.segmentBytes(), 0,
                segments.isEmpty() ? SegmentHeaderLayout.FIRST : 0);
    }

    /** Has the successor of a segment that is about to be full ready. For the preparer. */
    void prepareSuccessor() {
        spare.prepare(directory, policy.segmentBytes());
    }

    /** For the sealer: the first segment up to this one that has no footer yet; null where there is none. */
    @Nullable ActiveSegment nextToFinish(ActiveSegment last) {
        rotation.lock();
        try {
            if (segments.of(last) == null) {
                return null;
            }
            List<ActiveSegment> unfinished = segments.unfinished();
            return unfinished.isEmpty() ? null : unfinished.get(0);
        } finally {
            rotation.unlock();
        }
    }

    /**
     * Makes the names of the stream's segments durable, before a footer says that they are. For the sealer, with the lock of a segment that
     * is not finished, so that the directory isn't deleted meanwhile.
     */
    void forceNames() throws IOException {
        log.storage().forceDirectory(directory);
        if (!namesForced) {
            log.storage().forceDirectory(Objects.requireNonNull(directory.getParent(), "it is in the folder streams"));
            namesForced = true;
        }
    }

    /** From the sealer: it has let go of a segment; where that has no footer, the next pass of the sweeper has it tried again. */
    void left(ActiveSegment segment) {
        rotation.lock();
        try {
            SegmentEntry entry = segments.of(segment);
            if (entry != null) {
                entry.left();
            }
        } finally {
            rotation.unlock();
        }
    }

    /** From the sealer: a segment has its footer. */
    void finished(ActiveSegment segment) {
        long bytes = segment.sealedBytes();
        rotation.lock();
        try {
            SegmentEntry entry = segments.of(segment);
            if (entry == null) {
                return;
            }
            entry.finished(bytes);
            log.countAppends(segment.recordsAppended());
        } finally {
            rotation.unlock();
        }
        log.events().sealed(segment.file().path(), segment.header(), segment.reservedEnd(), bytes);
    }

    // ---------------------------------------------------------------- opening what is there

    /** Lists the stream's segments, once; opens none. */
    @GuardedBy("rotation")
    private void load() throws IOException {
        if (loaded) {
            return;
        }
        // behind a closed log a temporary file is somebody else's
        checkOpen();
        segments.load(directory, log.storage());
        loaded = true;
        watch.hasSegments(!segments.isEmpty());
    }

    /** Brings the newest segments in order, once, and makes the newest active if it may be appended to. */
    @GuardedBy("rotation")
    private void recover() {
        if (recovered) {
            return;
        }
        // behind a closed log somebody else may be writing already
        checkOpen();
        try {
            load();
            if (!segments.isEmpty()) {
                goOnFrom(log.recovery().recover(key, directory, segments.names()));
                log.activity().changed(activityHash);
            }
            recovered = true;
        } catch (IOException e) {
            throw StorageErrors.translate("open the stream", e, directory, key.text(), WalException.NO_POSITION, 0);
        } finally {
            if (!recovered) {
                // what it did so far may have taken files away
                segments.forget();
                loaded = false;
            }
        }
    }

    /** Brings the stream in order, if nobody has yet. Under no lock. */
    public void recoverNow() {
        rotation.lock();
        try {
            recover();
        } finally {
            rotation.unlock();
        }
        log.sealer().helpIfBehind();
    }

    @GuardedBy("rotation")
    private void goOnFrom(StreamRecovery.Outcome outcome) throws IOException {
        if (outcome.forgotten()) {
            raiseStartAbove(segments.newest().name().basePosition());
        }
        segments.remove(outcome.removed());
        if (segments.isEmpty()) {
            namesForced = false;
            watch.hasSegments(false);
        }
        for (StreamRecovery.Unfinished unfinished : outcome.unfinished()) {
            ActiveSegment segment = new ActiveSegment(log, this, unfinished.header(), unfinished.file(), unfinished.tail());
            log.durability().opened(segment);
            segments.named(unfinished.header().name()).unfinished(segment);
            if (unfinished.appendable() && next.allows(unfinished.header().basePosition())) {
                active.set(segment);
            } else {
                retireRecovered(segment);
            }
        }
        next.after(outcome);
    }

    /** What recovery found is taken over whole: where an empty segment can't be deleted now, it is told, and stays. */
    @GuardedBy("rotation")
    private void retireRecovered(ActiveSegment segment) {
        try {
            retire(segment);
        } catch (IOException e) {
            log.events().failed("delete an empty segment", key.text(), e);
        }
    }

    // ---------------------------------------------------------------- retention

    /**
     * Seals the active segment where it is idle or has expired, so that it can be deleted; asks again for footers that could not be
     * written. A segment is idle whose window is over and that had no append since the last pass: so an idle stream expires too, and a
     * backfill isn't cut to pieces.
     */
    public void sealIfIdle(long nowMillis) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            load();
            finishCut(gone -> {});
            sealWhatWasLeft();
            ActiveSegment segment = active.get();
            if (segment == null) {
                return;
            }
            long end = segment.reservedEnd();
            boolean idle = segment.windowEndMillis() <= nowMillis && end == endAtLastPass;
            endAtLastPass = end;
            if (idle || segment.expirationMillis() <= nowMillis || segment.isSealed()) {
                deactivate(segment);
            }
        } finally {
            rotation.unlock();
        }
    }

    /** The last one will do: the sealer finishes those before it first. */
    @GuardedBy("rotation")
    private void sealWhatWasLeft() {
        for (int i = segments.size() - 1; i >= 0; i--) {
            SegmentEntry entry = segments.all().get(i);
            ActiveSegment left = entry.unfinished();
            if (left != null && entry.isLeftUnfinished()) {
                entry.seal();
                log.sealer().seal(left);
                return;
            }
        }
    }

    @GuardedBy("rotation")
    private void deactivate(ActiveSegment segment) throws IOException {
        retire(segment);
        active.set(null);
        spare.clear();
    }

    /** The stream as the plan of what expires wants it. */
    public ExpiryPlan.Stream expiryView(long nowMillis) throws IOException {
        rotation.lock();
        try {
            load();
            List<ExpiryPlan.Segment> views = new ArrayList<>(segments.size());
            for (SegmentEntry entry : segments.all()) {
                SegmentName name = entry.name();
                boolean hasSuccessor = !entry.equals(segments.newest());
                boolean expiredUntouched = !recovered && name.expirationMillis() <= nowMillis;
                boolean deletable = entry.isSealed() || hasSuccessor || (active.get() == null && recovered) || expiredUntouched;
                views.add(new ExpiryPlan.Segment(name.basePosition(), name.expirationMillis(),
                        name.expirationMillis() - policy.retentionMillis(), entry.bytes(), deletable));
            }
            return new ExpiryPlan.Stream(key.text(), policy.maxBytes(), views);
        } finally {
            rotation.unlock();
        }
    }

    /*
     * Deleting.
     *
     * What is to go is decided under the rotation lock, written down durably under no lock, and deleted under the lock again: what is still
     * there of it. It is written down as a position below which the stream has nothing; what keeps that true, and what may come between:
     *
     *   a new segment        begins at or above that position: where something stays, behind what stays; where all goes, at the log's
     *                        start, which was raised above all that was given, durably. `next` remembers the position, whatever recovery
     *                        finds the stream's end to be; it is the only one to say where a segment begins.
     *   an append            goes to no segment below it: the active one is never decided to go, unless it is sealed with that, and
     *                        recovery, if it comes between, makes none active that is to go.
     *   rotation, sealing    take from the list, or finish, segments that stay, or that go anyway; who deletes looks at the list anew.
     *   another deletion     has a position of its own. The higher one is as true as the lower one, in whichever order they are written
     *                        down; a file that the other has deleted isn't in the list any more.
     *   a deletion fails     the file stays, and so do those behind it; it is in the list, so the next sweep decides anew.
     *   writing down fails   nothing was touched; the stream goes on above the position, which leaves a gap and nothing else.
     *   close                before the deletion: nothing is touched any more, the files may be the next writer's, and what was written
     *                        down is done by whoever opens the log. During it: it waits for the rotation lock.
     */

    /** A segment that is gone. */
    public record Deleted(Path file, SegmentName name, long bytes) {}

    /**
     * Decides that the oldest segments go, up to this one, but for the one that is appended to.
     *
     * @return the position below which all is to go, for {@link #deleteOldest} once it is written down; empty where nothing is to go
     */
    public OptionalLong condemnUpTo(long basePosition) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            load();
            int count = 0;
            while (count < segments.size() && mayGo(count) && segments.all().get(count).name().basePosition() <= basePosition) {
                count++;
            }
            return condemn(count);
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean mayGo(int index) {
        ActiveSegment segment = active.get();
        return segment == null || segments.all().get(index).unfinished() != segment;
    }

    /** @param count of the oldest segments, none of them active */
    @GuardedBy("rotation")
    private OptionalLong condemn(int count) throws IOException {
        if (count == 0) {
            return OptionalLong.empty();
        }
        long below;
        if (count < segments.size()) {
            below = segments.all().get(count).name().basePosition();
        } else {
            raiseStartAbove(segments.newest().name().basePosition());
            next.newestGone();
            below = log.positions().current().start();
        }
        next.nothingBelow(below);
        return OptionalLong.of(below);
    }

    /**
     * Deletes the oldest segment, if it is still this one.
     *
     * @param below written down: everything below this position is to go
     * @return empty where it isn't
     */
    public Optional<Deleted> deleteOldest(long basePosition, long below) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            boolean isOldest = isAnyBelow(below) && segments.oldest().name().basePosition() == basePosition;
            return isOldest ? Optional.of(deleteFirst()) : Optional.empty();
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean isAnyBelow(long below) {
        return !segments.isEmpty() && segments.oldest().name().basePosition() < below;
    }

    /** Deletes all that is to go, makes that durable, and forgets that it was written down. */
    private void deleteBelow(long below, Consumer<Deleted> each) throws IOException {
        DeletionLog.Kept kept = log.deletions().deletedBelow(List.of(new DeletionLog.DeletedBelow(key, below)));
        try {
            forceNames(deleteWhatIsBelow(below, each));
        } finally {
            kept.close();
        }
    }

    /** @return whether nothing is left */
    private boolean deleteWhatIsBelow(long below, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            while (isAnyBelow(below)) {
                each.accept(deleteFirst());
            }
            return segments.isEmpty();
        } finally {
            rotation.unlock();
        }
    }

    /** Makes durable which files the stream has, and, where that may have changed, that its directory is there or gone. */
    private void forceNames(boolean directoryMayBeGone) throws IOException {
        boolean isGone = directoryMayBeGone;
        if (!isGone || Files.isDirectory(directory)) {
            try {
                log.storage().forceDirectory(directory);
            } catch (NoSuchFileException e) {
                // somebody else has deleted the rest
                isGone = true;
            }
        }
        if (isGone) {
            log.storage().forceDirectory(Objects.requireNonNull(directory.getParent(), "a stream's directory is in the log's"));
        }
    }

    @GuardedBy("rotation")
    private Deleted deleteFirst() throws IOException {
        SegmentEntry entry = segments.oldest();
        boolean last = segments.size() == 1;
        if (last) {
            raiseStartAbove(entry.name().basePosition());
        }
        Deleted deleted = deleteEntry(entry);
        if (last) {
            next.newestGone();
            nothingIsLeft();
        }
        return deleted;
    }

    @GuardedBy("rotation")
    private void nothingIsLeft() throws IOException {
        recovered = true;
        namesForced = false;
        watch.hasSegments(false);
        log.storage().deleteDirectoryIfEmpty(directory);
        if (pending != null) {
            // what was left of it to do has gone with the rest
            forceNames(true);
            cutIsDone(pending);
        }
    }

    @GuardedBy("rotation")
    private Deleted deleteEntry(SegmentEntry entry) throws IOException {
        long bytes = entry.bytes();
        ActiveSegment unfinished = entry.unfinished();
        if (unfinished != null) {
            boolean unused = discard(unfinished);
        }
        Path file = directory.resolve(entry.name().fileName());
        log.storage().delete(file);
        segments.remove(entry);
        if (unfinished != null) {
            log.countAppends(unfinished.recordsAppended());
        }
        return new Deleted(file, entry.name(), bytes);
    }

    /** False where a mapping stays. */
    private boolean discard(ActiveSegment unfinished) {
        return told(unfinished, unfinished.discard());
    }

    private boolean told(ActiveSegment unfinished, boolean complete) {
        if (!complete) {
            log.events().failed("unmap", key.text(), new IllegalStateException(
                    "a slot was reserved and never published, its mapping stays to the end of the process: file="
                            + unfinished.file().path()));
        }
        return complete;
    }

    /**
     * Durably, before a stream's last segment goes: what comes next begins above every position that was ever given. Nothing needs to be
     * written where the start has been raised since the segment was created.
     */
    @GuardedBy("rotation")
    private void raiseStartAbove(long basePosition) throws IOException {
        Positions positions = log.positions().current();
        if (positions.start() - StreamPolicy.MAX_SEGMENT_BYTES < basePosition && positions.start() != positions.ceiling()) {
            log.positions().startAtCeiling();
        }
    }

    /**
     * Deletes the sealed segments at the stream's beginning whose windows end at or before a time; durably.
     *
     * @param each is told of every one that is gone
     */
    public void purge(long beforeMillis, Consumer<Deleted> each) throws IOException {
        OptionalLong below = condemnBefore(beforeMillis);
        if (below.isPresent()) {
            deleteBelow(below.getAsLong(), each);
        }
    }

    private OptionalLong condemnBefore(long beforeMillis) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            recover();
            int count = 0;
            while (count < segments.size() && mayGo(count) && isOver(segments.all().get(count), beforeMillis)) {
                count++;
            }
            return condemn(count);
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean isOver(SegmentEntry entry, long beforeMillis) throws IOException {
        ActiveSegment unfinished = entry.unfinished();
        if (unfinished != null) {
            return unfinished.windowEndMillis() <= beforeMillis;
        }
        return headerOf(directory.resolve(entry.name().fileName()), entry.name()).window().endMillis() <= beforeMillis;
    }

    /**
     * Deletes the whole stream, durably; should it be appended to again, it goes on at positions it never had. What is appended meanwhile
     * stays.
     *
     * @return whether there was anything
     */
    public boolean delete(Consumer<Deleted> each) throws IOException {
        OptionalLong below = condemnAll();
        if (below.isEmpty()) {
            return false;
        }
        deleteBelow(below.getAsLong(), each);
        rotation.lock();
        try {
            if (segments.isEmpty()) {
                next.forget();
            }
        } finally {
            rotation.unlock();
        }
        return true;
    }

    private OptionalLong condemnAll() throws IOException {
        rotation.lock();
        try {
            checkOpen();
            load();
            if (segments.isEmpty()) {
                return OptionalLong.empty();
            }
            raiseStartAbove(segments.newest().name().basePosition());
            ActiveSegment segment = active.get();
            if (segment != null) {
                setAside(segment);
            }
            return condemn(segments.size());
        } finally {
            rotation.unlock();
        }
    }

    /** Nothing is appended to the active segment any more. It needs no footer, unless it stays: then the next sweep sees to that. */
    @GuardedBy("rotation")
    private void setAside(ActiveSegment segment) {
        segment.seal();
        next.after(segment);
        SegmentEntry entry = segments.of(segment);
        if (entry != null && !entry.isSealed()) {
            entry.seal();
            entry.left();
        }
        active.set(null);
        spare.clear();
    }

    // ---------------------------------------------------------------- cutting the end off

    /*
     * Cutting.
     *
     * As with a deletion: decided under the rotation lock, written down under no lock, done under the lock. What differs is that the stream
     * goes on behind what is cut, and that the next segment says where the data before it ends: there, once the cut is written down; where
     * it did, if that fails. So no segment is created in between: who wants one waits, holding nothing. And none is created before all of
     * the cut is done, or a process that ends then would leave a segment behind data of which it knows nothing. A cut that fails half way
     * is done first by whoever wants the next segment, by the next sweep, or by another cut; one that the end of the process keeps from
     * being done, by whoever opens the log: it was written down, and is kept until it is durable.
     *
     * What was reserved in the active segment before it is sealed is cut with the rest. A segment that was created meanwhile would begin at
     * or above `to`, and stay: there is none, but for a stream that was deleted and goes on.
     */

    /**
     * Everything at positions {@code [from, to)} goes.
     *
     * @param tail of what stays of the segment that holds {@code from}, once it is cut
     * @param windowStart of that segment
     * @param inPlace false where somebody may still write to that segment's file
     * @param kept what was written down
     */
    private record Cut(long from, long to, RecoveredTail tail, long windowStart, boolean inPlace, DeletionLog.Kept kept) {

        Cut writtenDown(DeletionLog.Kept newKept) {
            return new Cut(from, to, tail, windowStart, inPlace, newKept);
        }

        Cut notInPlace() {
            return new Cut(from, to, tail, windowStart, false, kept);
        }
    }

    /**
     * Cuts off what stands behind a record; durably. What is appended meanwhile goes with the rest or stays, as it comes.
     *
     * @param each is told of every segment that is gone
     * @throws IllegalArgumentException where the record is in the middle of a batch
     * @throws EntryNotFoundException where there is no such record
     */
    public void truncateAfter(EntryRef last, Consumer<Deleted> each) throws IOException {
        Cut cut = decideCut(last, each);
        if (cut == null) {
            return;
        }
        DeletionLog.Kept kept = null;
        try {
            kept = log.deletions().truncated(key, cut.from(), cut.to());
        } finally {
            carryOut(kept == null ? null : cut.writtenDown(kept), each);
        }
    }

    /** @param cut null where it could not be written down */
    private void carryOut(@Nullable Cut cut, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            cutting = false;
            decided.signalAll();
            if (cut == null) {
                sealWhatWasLeft();
                return;
            }
            pending = cut;
            next.cut(cut.from(), cut.to(), cut.windowStart());
            finishCut(each);
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private void awaitCut() {
        while (cutting) {
            decided.awaitUninterruptibly();
        }
    }

    /** @return null where nothing stands behind the record */
    private @Nullable Cut decideCut(EntryRef last, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            awaitCut();
            checkOpen();
            recover();
            finishCut(each);
            SegmentEntry holder = segments.holding(last.position());
            if (holder == null) {
                throw notThere(last, directory);
            }
            SegmentFile file = log.storage().open(directory.resolve(holder.name().fileName()));
            try {
                SegmentHeader header = SegmentFiles.readHeader(StorageBytes.of(file), file.path(), key, holder.name());
                checkIsLast(last, file, header);
                if (endPosition() == last.end()) {
                    return null;
                }
                Cut cut = planCut(last, holder, file, header);
                ActiveSegment segment = active.get();
                if (segment != null) {
                    setAside(segment);
                }
                cutting = true;
                return cut;
            } finally {
                file.close();
            }
        } finally {
            rotation.unlock();
        }
    }

    private void checkIsLast(EntryRef last, SegmentFile file, SegmentHeader header) throws IOException {
        try (SegmentScan scan = new SegmentScan(StorageBytes.of(file), header)) {
            scan.seek(header.offsetOf(last.position()));
            if (!scan.next() || scan.frameBytes() != last.size() || !scan.isData()) {
                throw notThere(last, file.path());
            }
            if (RecordLayout.isMember(scan.flags()) && scan.next() && RecordLayout.isMember(scan.flags())) {
                throw new IllegalArgumentException("a batch is cut off whole or not at all: the record has another one of its batch behind"
                        + " it, ref=" + last + ", file=" + file.path() + "; give the batch's last record, or the one before the batch");
            }
        }
    }

    private EntryNotFoundException notThere(EntryRef last, Path where) {
        return new EntryNotFoundException("what is to be the last record is there: ref=" + last + ", file=" + where
                + "; it was deleted, or cut off, meanwhile", where, key.text(), last.position(), null);
    }

    @GuardedBy("rotation")
    private Cut planCut(EntryRef last, SegmentEntry holder, SegmentFile file, SegmentHeader header) throws IOException {
        ActiveSegment unfinished = holder.unfinished();
        if (unfinished != null && !unfinished.awaitPublished(last.end())) {
            throw new IOException("all that is to stay is published: ref=" + last + ", file=" + file.path()
                    + "; a slot before it isn't, try again, or open the log again");
        }
        RecoveredTail tail = SegmentCut.walk(StorageBytes.of(file), header, (int) header.offsetOf(last.end()))
                .orElseThrow(() -> notThere(last, file.path()));
        raiseStartAbove(segments.newest().name().basePosition());
        long to = log.positions().current().start();
        return new Cut(last.end(), to, tail, header.window().startMillis(), true, () -> {});
    }

    /** Does what is left of a cut that is written down: the newest segments first, then the one that holds what stays. */
    @GuardedBy("rotation")
    private void finishCut(Consumer<Deleted> each) throws IOException {
        Cut cut = pending;
        if (cut == null) {
            return;
        }
        checkOpen();
        for (int i = segments.size() - 1; i >= 0; i--) {
            SegmentEntry entry = segments.all().get(i);
            long basePosition = entry.name().basePosition();
            if (basePosition >= cut.from() && basePosition < cut.to()) {
                each.accept(deleteEntry(entry));
            }
        }
        if (segments.isEmpty()) {
            // what was to stay has expired meanwhile
            nothingIsLeft();
            return;
        }
        SegmentEntry holder = segments.holding(cut.from() - 1);
        if (holder != null) {
            letGo(holder, cut);
            cutBehind(holder, Objects.requireNonNull(pending));
        }
        log.storage().forceDirectory(directory);
        cutIsDone(cut);
    }

    @GuardedBy("rotation")
    private void cutIsDone(Cut cut) {
        pending = null;
        cut.kept().close();
    }

    /** Where a slot isn't published, its mapping stays, and somebody may still write through it. */
    @GuardedBy("rotation")
    private void letGo(SegmentEntry holder, Cut cut) {
        ActiveSegment segment = holder.unfinished();
        if (segment != null) {
            if (!told(segment, segment.letGoBehind(cut.from()))) {
                pending = cut.notInPlace();
            }
            holder.finished(holder.bytes());
            log.countAppends(segment.recordsAppended());
        }
    }

    @GuardedBy("rotation")
    private void cutBehind(SegmentEntry holder, Cut what) throws IOException {
        Path path = directory.resolve(holder.name().fileName());
        SegmentCut cut = new SegmentCut(log.storage(), path, headerOf(path, holder.name()), what.tail());
        Optional<Long> sealedBytes = cut.cut(directory.resolve(SegmentList.temporaryName(log.newSalt())), what.inPlace());
        if (sealedBytes.isPresent()) {
            holder.finished(sealedBytes.get());
            return;
        }
        ActiveSegment segment = new ActiveSegment(log, this, cut.header(), log.storage().open(path), what.tail());
        segment.seal();
        log.durability().opened(segment);
        holder.unfinishedAgain(segment);
        log.sealer().seal(segment);
    }

    private SegmentHeader headerOf(Path path, SegmentName name) throws IOException {
        SegmentFile file = log.storage().open(path);
        try {
            return SegmentFiles.readHeader(StorageBytes.of(file), path, key, name);
        } finally {
            file.close();
        }
    }

    // ---------------------------------------------------------------- the whole

    /** How many segments the stream has. */
    public int segmentCount() throws IOException {
        rotation.lock();
        try {
            load();
            return segments.size();
        } finally {
            rotation.unlock();
        }
    }

    /** What the segments' files take. */
    public long bytes() throws IOException {
        rotation.lock();
        try {
            load();
            return segments.bytes();
        } finally {
            rotation.unlock();
        }
    }

    /** Records appended to segments that are not given up yet, since the log was opened. */
    public long appends() {
        rotation.lock();
        try {
            return segments.unfinished().stream().mapToLong(ActiveSegment::recordsAppended).sum();
        } finally {
            rotation.unlock();
        }
    }

    /** Copies the stream as it is now; finished segments by a hard link where the file system can. */
    public void copyTo(Path target) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            recover();
            if (segments.isEmpty()) {
                return;
            }
            Files.createDirectories(target);
            for (SegmentEntry entry : segments.all()) {
                Path source = directory.resolve(entry.name().fileName());
                Path copy = target.resolve(entry.name().fileName());
                ActiveSegment unfinished = entry.unfinished();
                if (unfinished == null) {
                    SegmentCopy.linkOrCopy(source, copy);
                } else {
                    unfinished.copyTo(copy);
                }
            }
        } finally {
            rotation.unlock();
        }
    }

    /** Gives up all that is held, so that the stream can be opened again. False where a mapping had to be left to the process. */
    public boolean close() {
        rotation.lock();
        try {
            spare.clear();
            boolean complete = true;
            for (ActiveSegment segment : segments.unfinished()) {
                complete &= segment.close();
            }
            return complete;
        } finally {
            rotation.unlock();
        }
    }
}
