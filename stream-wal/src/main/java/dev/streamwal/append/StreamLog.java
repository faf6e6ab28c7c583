package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.commit.CommitCursor;
import dev.streamwal.commit.CommitSegment;
import dev.streamwal.commit.CommitStream;
import dev.streamwal.commit.CommitTarget;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.recovery.RecoveredTail;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.MisdatedSegments;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.shared.SlotLayout;
import dev.streamwal.storage.SegmentCopy;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
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
     * A segment holds a mapping or a descriptor from its creation until the sealer has it, or the stream is closed. So a stream holds one, and another for
     * each segment that waits for the sealer, which is bounded: whoever rotates helps it. A stream that had none asks whether there is room.
     *
     * Lock order: rotation, segment. Everything about the chain of segments happens under the rotation lock; reading `active` needs
     * none.
     *
     * Windows go forwards, and late records stay in the last one; so one append while the clock is far ahead would keep the stream in that
     * window until the clock gets there. Once the clock says that the window lies in the future, the stream leaves it, and goes on in the
     * window of the time that it is. Positions go on increasing; nothing that reads by time relies on the order of windows, only on a
     * segment's records being before the end of its own. Where it is the clock that is behind now, the stream stays where it is, as it
     * does with late records: what it began in the past would be swept as soon as the clock is right. What takes segments away has essays of its own: SegmentDeletion, TailCut.
     */

    private final LogContext log;
    private final StreamKey key;
    private final StreamPolicy policy;
    /** Null where it is asked for each time: most streams have none. */
    private final @Nullable Path directory;
    /** Null before anybody has looked for segments, and while the stream shares and has never had any. Changes under the rotation lock. */
    private volatile @Nullable OwnSegments owned;
    /** Where appends go while the stream shares segments with others; null while it doesn't. Changes under the rotation lock. */
    private volatile @Nullable SharedTail sharing;
    /** Where it shared last, while not all of that is known to be durable. */
    private volatile @Nullable SharedTail left;
    private final ReentrantLock rotation = new ReentrantLock();

    /** Made for who asks first, and then always the same. */
    private volatile @Nullable CommitCursor cursor;

    private static final VarHandle CURSOR;

    static {
        try {
            CURSOR = MethodHandles.lookup().findVarHandle(StreamLog.class, "cursor", CommitCursor.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile boolean mayHaveSegments = true;

    /** Since the log was opened. */
    private volatile boolean hasShared;

    private final SegmentChoice choice;

    /** Told whether the stream has segments, whenever that may have changed; set before the stream is shared. */
    private SegmentsWatch watch = NOBODY;
    private @Nullable Object holder;

    private static final SegmentsWatch NOBODY = (stream, any) -> {};

    /** Whether it is one of the streams that have segments of their own. */
    @GuardedBy("rotation")
    private boolean owns;

    /** @param directory of the stream */
    public StreamLog(LogContext log, StreamKey key, StreamPolicy policy, Path directory) {
        this(log, key, policy, directory, SegmentChoice.AUTO);
    }

    /** Of a log that knows where its streams' directories are. */
    public StreamLog(LogContext log, StreamKey key, StreamPolicy policy, SegmentChoice choice) {
        this(log, key, policy, null, choice);
    }

    private StreamLog(LogContext log, StreamKey key, StreamPolicy policy, @Nullable Path directory, SegmentChoice choice) {
        this.log = log;
        this.key = key;
        this.policy = policy;
        this.directory = directory;
        this.choice = choice;
    }

    /** What the stream has of its own; it is looked for when it is {@link SegmentChain#load loaded}. */
    @GuardedBy("rotation")
    @SuppressWarnings("GuardedBy") // who is given leaveShared() or hasSegments() calls it under the rotation lock
    private OwnSegments owned() {
        OwnSegments known = owned;
        if (known == null) {
            known = new OwnSegments(log, key, directory(), rotation, this::hasSegments, this::open, this::leaveShared);
            if (sharing != null) {
                known.chain().hasNone();
            }
            owned = known;
        }
        return known;
    }

    /** Whether the stream shares, and has nothing of its own: then there is nothing to be looked for. */
    @GuardedBy("rotation")
    private boolean hasNoneOfItsOwn() {
        return owned == null && sharing != null;
    }

    private @Nullable ActiveSegment active() {
        OwnSegments known = owned;
        return known == null ? null : known.active();
    }

    /** Those that are open; none where nobody has looked for any. */
    @GuardedBy("rotation")
    private List<ActiveSegment> unfinished() {
        OwnSegments known = owned;
        return known == null ? List.of() : known.segments().unfinished();
    }

    /** Where it goes on behind something that it shared since the log was opened, nobody else knows that. */
    @GuardedBy("rotation")
    private void hasSegments(boolean any) {
        mayHaveSegments = any;
        watch.hasSegments(this, any || sharing != null || (hasShared && owned().next().isFromElsewhere()));
    }

    private ActiveSegment open(SegmentHeader header, SegmentFile file, RecoveredTail tail) {
        return new ActiveSegment(log, this, header, file, tail);
    }

    /** Who keeps streams while they have segments. Implementations never throw. */
    @FunctionalInterface
    public interface SegmentsWatch {
        void hasSegments(StreamLog stream, boolean any);
    }

    /** To be called once, before the stream is shared. */
    public void watch(SegmentsWatch newWatch, Object newHolder) {
        watch = newWatch;
        holder = newHolder;
    }

    /** Who was given when {@link #watch} was called. */
    public @Nullable Object holder() {
        return holder;
    }

    public StreamKey key() {
        return key;
    }

    LogContext log() {
        return log;
    }

    public StreamPolicy policy() {
        return policy;
    }

    public Path directory() {
        Path known = directory;
        return known == null ? log.directories().of(key) : known;
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
            SharedTail shares = sharing;
            if (shares != null && !shares.takes(frameBytes)) {
                own();
            } else if (shares != null) {
                long outcome = shares.append(scratch, scratch.inArrays(draft), frameBytes, nowMillis, expectedEnd);
                if (outcome != SharedTail.LEFT) {
                    shares.letPackingKeepUp(scratch, frameBytes);
                    return outcome;
                }
            }
            if (sharing != null) {
                continue;
            }
            ActiveSegment segment = active();
            if (segment == null) {
                awaitShared();
            } else if (takes(segment, timestampMillis, nowMillis)) {
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
            SharedTail shares = sharing;
            if (shares != null && !shares.takes(batchBytes + (long) members.size() * beginningBytes())) {
                own();
            } else if (shares != null) {
                List<Draft> copies = members.stream().map(AppendScratch::inNewArrays).toList();
                long outcome = shares.appendBatch(scratch, copies, batchBytes, newestTimestampMillis, nowMillis);
                if (outcome != SharedTail.LEFT) {
                    shares.letPackingKeepUp(scratch, batchBytes);
                    return outcome + Frames.LEAD_BYTES;
                }
            }
            if (sharing != null) {
                continue;
            }
            ActiveSegment segment = active();
            if (segment == null) {
                awaitShared();
            } else if (takes(segment, newestTimestampMillis, nowMillis)) {
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
     * For the shared stream: appends a record whatever its timestamp, in the window that it is.
     *
     * @return its position
     */
    long appendSlot(AppendScratch scratch, Draft slot, int frameBytes, long nowMillis) {
        for (; ; ) {
            ActiveSegment segment = active();
            if (segment != null) {
                long outcome = segment.append(scratch, slot, frameBytes, ANY_END);
                if (outcome >= 0) {
                    return outcome;
                }
            }
            rotate(segment, nowMillis, nowMillis);
        }
    }

    /** As the other one, for a batch. */
    long appendSlots(AppendScratch scratch, List<Draft> slots, int batchBytes, long nowMillis) {
        for (; ; ) {
            ActiveSegment segment = active();
            if (segment != null) {
                long outcome = segment.appendBatch(scratch, slots, batchBytes);
                if (outcome >= 0) {
                    return outcome;
                }
            }
            rotate(segment, nowMillis, nowMillis);
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
    private boolean takes(ActiveSegment segment, long timestampMillis, long nowMillis) {
        return timestampMillis < segment.windowEndMillis() && nowMillis < segment.expirationMillis()
                && !isMisdated(segment.windowStartMillis(), nowMillis);
    }

    /** Whether a window was begun by a clock that was ahead, and is right now. */
    private boolean isMisdated(long windowStartMillis, long nowMillis) {
        return log.time().isAhead(windowStartMillis, nowMillis) && !log.time().isBehind(nowMillis);
    }

    /** Where the last record ends; before the first, where it will begin. */
    public long endPosition() {
        SharedTail shares = sharing;
        if (shares != null) {
            return shares.endPosition();
        }
        ActiveSegment segment = active();
        if (segment != null) {
            return segment.endPosition();
        }
        rotation.lock();
        try {
            SharedTail now = sharing;
            if (now == null) {
                owned().chain().recover();
                now = sharing;
            }
            return now == null ? owned().chain().endPosition() : now.endPosition();
        } finally {
            rotation.unlock();
        }
    }

    /** Where what is reserved ends; -1 where the stream has no segment. */
    public long reservedEnd() {
        SharedTail shares = sharing;
        if (shares != null) {
            return shares.endPosition();
        }
        ActiveSegment segment = active();
        if (segment == null) {
            rotation.lock();
            try {
                SharedTail now = sharing;
                if (now != null) {
                    return now.endPosition();
                }
                owned().chain().recover();
                segment = active();
                if (segment == null) {
                    return owned().next().end();
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
            return unfinished().stream().anyMatch(segment -> segment.isAbandoned(position));
        } finally {
            rotation.unlock();
        }
    }

    /** Whether the segment with this position is appended to, or has no footer yet. */
    public boolean isUnfinished(long position) {
        rotation.lock();
        try {
            OwnSegments known = owned;
            SegmentEntry holder = known == null ? null : known.segments().holding(position);
            return holder != null && holder.unfinished() != null;
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- committing

    @Override
    public CommitCursor cursor() {
        CommitCursor made = cursor;
        if (made == null) {
            made = new CommitCursor(this);
            CommitCursor before = (CommitCursor) CURSOR.compareAndExchange(this, (CommitCursor) null, made);
            return before == null ? made : before;
        }
        return made;
    }

    /**
     * What has to be durable for all to be that was appended up to a position.
     */
    public List<CommitTarget> targets(long end) {
        CommitTarget shared = sharedTarget();
        return shared == null && !hasShared ? List.of(new CommitTarget(cursor(), end)) : with(shared);
    }

    private List<CommitTarget> with(@Nullable CommitTarget shared) {
        List<CommitTarget> targets = new ArrayList<>(2);
        if (isUndurable()) {
            targets.add(new CommitTarget(cursor(), ownEnd()));
        }
        if (shared != null) {
            targets.add(shared);
        }
        return targets;
    }

    /** What has to be durable for all to be that the stream has in shared segments; null where it is. */
    private @Nullable CommitTarget sharedTarget() {
        while (true) {
            SharedTail shares = sharing;
            if (shares != null) {
                return shares.target();
            }
            CommitTarget before = undurableShared();
            // where it has begun to share again meanwhile, that says it all
            if (before != null || sharing == null) {
                return before;
            }
        }
    }

    /** What has to be durable for all to be that the stream has in shared segments, and isn't appended to there; null where it is. */
    private @Nullable CommitTarget undurableShared() {
        SharedLog shared = log.shared();
        if (shared == null || shared.log() == this) {
            return null;
        }
        SharedTail last = left;
        if (last != null) {
            if (!last.isDurable()) {
                return last.target();
            }
            left = null;
        }
        return shared.inherited();
    }

    /** Before the stream gets its next segment of its own: see {@link SharedLog}. Under no lock. */
    private void awaitShared() {
        CommitTarget shared = leavesShared() ? undurableShared() : null;
        if (shared != null) {
            try {
                log.durability().await(List.of(shared));
            } catch (IOException e) {
                throw StorageErrors.translate("append", e, directory(), key.text(), WalException.NO_POSITION, 0);
            }
        }
    }

    /** Whether what it has last isn't in a segment of its own, and the next one is. */
    private boolean leavesShared() {
        rotation.lock();
        try {
            owned().chain().recover();
            return owned().next().isFromElsewhere() && isOwnOnly();
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean isOwnOnly() {
        return choice == SegmentChoice.OWN || policy.maxBytes() != Long.MAX_VALUE || owns;
    }

    /** False where it is known that the stream has no segments of its own. */
    public boolean mayHaveSegments() {
        return mayHaveSegments;
    }

    /**
     * Position of the shared stream behind the last record that this one has had there since the log was opened; 0 where it has had none, empty
     * where nobody remembers.
     */
    public OptionalLong sharedEnd() {
        SharedTail shares = sharing;
        return shares != null ? shares.appendedEnd() : hasShared ? OptionalLong.empty() : OptionalLong.of(0);
    }

    /** What has to be durable for all to be that stands in shared segments; empty where the stream doesn't share. */
    public List<CommitTarget> sharedTargets() {
        SharedTail shares = sharing;
        return shares == null ? List.of() : List.of(shares.target());
    }

    /** What has to be durable for all to be that was appended, where anything isn't. */
    public List<CommitTarget> undurable() {
        return with(sharedTarget());
    }

    /** Where what is reserved in segments of its own ends. */
    public long ownEnd() {
        rotation.lock();
        try {
            List<ActiveSegment> unfinished = unfinished();
            return unfinished.isEmpty() ? 0 : unfinished.get(unfinished.size() - 1).reservedEnd();
        } finally {
            rotation.unlock();
        }
    }

    /** What was appended up to the position has been made durable. */
    public void durable(long end) {
        SharedTail shares = sharing;
        if (shares != null) {
            shares.durable(end);
        }
    }

    @Override
    public @Nullable CommitSegment activeSegment() {
        return active();
    }

    @Override
    public long appendedEnd() {
        return sharing == null ? reservedEnd() : ownEnd();
    }

    @Override
    public List<? extends CommitSegment> unfinishedSegments() throws IOException {
        rotation.lock();
        try {
            if (!hasNoneOfItsOwn()) {
                owned().chain().recover();
            }
            return unfinished();
        } finally {
            rotation.unlock();
        }
    }

    @Override
    public List<? extends CommitSegment> openSegments() {
        rotation.lock();
        try {
            return unfinished();
        } finally {
            rotation.unlock();
        }
    }

    /** Stream position before which everything survives power loss. */
    public long durablePosition() {
        rotation.lock();
        try {
            if (!hasNoneOfItsOwn()) {
                owned().chain().recover();
            }
            SharedTail shares = sharing;
            if (shares != null && unfinished().stream().noneMatch(ActiveSegment::isUndurable)) {
                return shares.durablePosition();
            }
            // first: what is appended while the segments are looked at isn't promised
            long end = endPosition();
            if (shares == null && undurableShared() != null) {
                SharedTail last = left;
                end = Math.min(end, last == null ? 0 : last.durablePosition());
            }
            for (ActiveSegment segment : unfinished()) {
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
            return unfinished().stream().anyMatch(ActiveSegment::isUndurable);
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- rotation

    private void rotate(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) {
        rotation.lock();
        try {
            SegmentChain chain = owned().chain();
            owned().pendingCut().awaitDecision();
            chain.checkOpen();
            if (active() != seen) {
                return;
            }
            owned().pendingCut().finish(gone -> {});
            if (seen == null) {
                chain.recover();
                if (active() != null || sharing != null) {
                    return;
                }
            } else {
                chain.retire(seen);
            }
            if (share(seen)) {
                return;
            }
            if (seen == null) {
                // else the one before gives back what it holds
                log.checkRoom(directory(), key);
            }
            chain.add(seen, create(timestampMillis, nowMillis));
        } catch (IOException e) {
            throw StorageErrors.translate("create a segment", e, directory(), key.text(), WalException.NO_POSITION, policy.segmentBytes());
        } finally {
            rotation.unlock();
        }
        log.sealer().helpIfBehind();
    }

    /** From now on the stream shares segments with others, unless it is one of those that have segments of their own. */
    @GuardedBy("rotation")
    private boolean share(@Nullable ActiveSegment seen) throws IOException {
        SharedLog shared = log.shared();
        if (shared == null || shared.log() == this || isOwnOnly()) {
            return false;
        }
        OwnSegments before = owned();
        Continuation next = before.next();
        if (choice == SegmentChoice.AUTO && !next.isFromElsewhere() && log.hasRoom() && shared.mayOwn()) {
            owns = true;
            return false;
        }
        if (seen != null) {
            before.chain().deactivate(seen);
        }
        long base = next.nextBase(log.positions().current().start());
        CommitTarget undurable = undurableShared();
        sharing = new SharedTail(this, shared, base, next.previousEnd(base), before.segments().isEmpty() && !next.hasEnd(),
                next.lastWindowStart(), undurable == null ? 0 : undurable.end());
        left = null;
        hasShared = true;
        watch.hasSegments(this, true);
        if (before.isDispensable()) {
            // where the stream ended is known to who has it now
            owned = null;
        }
        return true;
    }

    private int beginningBytes() {
        return SlotLayout.MAX_BYTES - StreamKey.MAX_BYTES + key.utf8Length();
    }

    /** From now on the stream has segments of its own. */
    private void own() {
        rotation.lock();
        try {
            SharedLog shared = log.shared();
            if (sharing != null && shared != null) {
                leaveShared();
                owns = true;
                shared.owns();
            }
        } finally {
            rotation.unlock();
        }
    }

    /** Has the stream go on as its chain says, for who cuts or deletes it. */
    @GuardedBy("rotation")
    void leaveShared() {
        SharedTail shares = sharing;
        if (shares != null) {
            shares.leave(owned().next());
            // before anybody takes it that the stream doesn't share
            left = shares;
            sharing = null;
        }
    }

    /** The next segment, with its header and its final name; its name is the last thing that can fail. */
    @GuardedBy("rotation")
    private ActiveSegment create(long timestampMillis, long nowMillis) throws IOException {
        log.fence().check();
        SpareSlot spare = owned().spare();
        Path directory = directory();
        NewSegment created = spare.take();
        try {
            SegmentHeader header = successorHeader(timestampMillis, nowMillis);
            log.directories().add(key);
            log.storage().createDirectory(directory);
            if (created == null) {
                created = NewSegment.create(log.storage(), directory.resolve(SegmentList.temporaryName(log.newSalt())), header);
            } else {
                created.writeHeader(header);
            }
            created.name(directory.resolve(header.name().fileName()));
            ActiveSegment segment = new ActiveSegment(log, this, header, created);
            if (!owned().next().hasEnd()) {
                segment.beginsAnew();
            }
            return segment;
        } catch (IOException | RuntimeException | Error e) {
            if (created != null) {
                spare.discard(created);
            }
            throw e;
        }
    }

    @GuardedBy("rotation")
    private SegmentHeader successorHeader(long timestampMillis, long nowMillis) throws IOException {
        Continuation next = owned().next();
        long basePosition = next.nextBase(log.positions().current().start());
        log.positions().raiseCeiling(basePosition + policy.segmentBytes());
        Window window = next.nextWindow(policy, timestampMillis, isMisdated(next.lastWindowStart(), nowMillis));
        return new SegmentHeader(key, window, policy.expirationOf(window), basePosition, next.previousEnd(basePosition),
                log.recovery().incarnation(), log.newSalt(), nowMillis, policy.segmentBytes(), 0,
                owned().segments().isEmpty() ? SegmentHeaderLayout.FIRST : 0);
    }

    /** Has the successor of a segment that is about to be full ready. For the preparer. */
    void prepareSuccessor() {
        OwnSegments known = owned;
        if (known != null) {
            known.spare().prepare(directory(), policy.segmentBytes());
        }
    }

    /** For the sealer: the first segment up to this one that has no footer yet; null where there is none. */
    @Nullable ActiveSegment nextToFinish(ActiveSegment last) {
        rotation.lock();
        try {
            OwnSegments known = owned;
            if (known == null || known.segments().of(last) == null) {
                return null;
            }
            List<ActiveSegment> unfinished = unfinished();
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
        OwnSegments known = owned;
        if (known != null) {
            known.names().force();
        }
    }

    /** No file that was deleted comes back any more. */
    public void forceDeletions() throws IOException {
        OwnSegments known = owned;
        if (known != null) {
            known.names().forceDeletion(true);
        }
    }

    /** From the sealer: it has let go of a segment; where that has no footer, the next pass of the sweeper has it tried again. */
    void left(ActiveSegment segment) {
        rotation.lock();
        try {
            OwnSegments known = owned;
            SegmentEntry entry = known == null ? null : known.segments().of(segment);
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
            OwnSegments known = owned;
            SegmentEntry entry = known == null ? null : known.segments().of(segment);
            if (known == null || entry == null) {
                return;
            }
            log.countAppends(segment.appended());
            if (segment.isTakenAway()) {
                known.segments().remove(entry);
                return;
            }
            entry.finished(bytes);
        } finally {
            rotation.unlock();
        }
        log.events().sealed(segment.file().path(), segment.header(), segment.reservedEnd(), bytes);
        SharedLog shared = log.shared();
        if (shared != null && shared.log() == this) {
            shared.filled();
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
            log.checkOpen(key);
            if (hasNoneOfItsOwn()) {
                return;
            }
            SegmentChain chain = owned().chain();
            chain.load();
            owned().pendingCut().finish(gone -> {});
            chain.sealWhatWasLeft();
            ActiveSegment segment = active();
            if (segment == null) {
                return;
            }
            boolean idle = owned().hasRested(segment.reservedEnd()) && segment.windowEndMillis() <= nowMillis;
            if (idle || segment.expirationMillis() <= nowMillis || segment.isSealed()) {
                chain.deactivate(segment);
            }
        } finally {
            rotation.unlock();
        }
    }

    /**
     * The stream as the plan of what expires wants it.
     *
     * @param isCompared whether its segments are compared with other streams': then each one's window is what its header says. Else it is what it
     *     would be by the stream's retention now, so that no file is read.
     */
    @SuppressWarnings("GuardedBy") // the lambda is called before the method returns
    public ExpiryPlan.Stream expiryView(long nowMillis, boolean isCompared) throws IOException {
        rotation.lock();
        try {
            if (hasNoneOfItsOwn()) {
                return new ExpiryPlan.Stream(key.text(), policy.maxBytes(), List.of());
            }
            SegmentChain chain = owned().chain();
            SegmentList segments = chain.segments();
            chain.load();
            List<ExpiryPlan.Segment> views = new ArrayList<>(segments.size());
            for (SegmentEntry entry : segments.all()) {
                SegmentName name = entry.name();
                boolean hasSuccessor = !entry.equals(segments.newest());
                boolean expiredUntouched = !chain.isRecovered() && name.expirationMillis() <= nowMillis;
                boolean deletable = entry.isSealed() || hasSuccessor || (active() == null && chain.isRecovered()) || expiredUntouched;
                views.add(new ExpiryPlan.Segment(name.basePosition(), name.expirationMillis(),
                        isCompared ? windowEndOf(entry) : windowEndNow(name), entry.bytes(), deletable));
            }
            return new ExpiryPlan.Stream(key.text(), policy.maxBytes(), MisdatedSegments.withDueExpirations(nowMillis, views,
                    index -> log.time().isAhead(windowStart(segments.all().get(index)), nowMillis)));
        } finally {
            rotation.unlock();
        }
    }

    /**
     * What the window of a segment is.
     *
     * @param startMillis epoch ms
     * @param endMillis epoch ms; each older segment's window begins before that, whatever became of the options meanwhile
     * @param isByPolicy whether a segment with this window would have the same length and expiration if it were created now
     */
    public record Span(long startMillis, long endMillis, boolean isByPolicy) {}

    /** Of the segment that begins at a position; empty where it is gone, or its header can't be read. */
    public Optional<Span> spanOf(long basePosition) throws IOException {
        rotation.lock();
        try {
            SegmentEntry entry = owned().segments().holding(basePosition);
            if (entry == null || entry.name().basePosition() != basePosition) {
                return Optional.empty();
            }
            Window window = owned().chain().windowOf(entry);
            return Optional.of(new Span(window.startMillis(), window.endMillis(), window.equals(policy.windowOf(window.startMillis()))
                    && policy.expirationOf(window) == entry.name().expirationMillis()));
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return Optional.empty();
        } finally {
            rotation.unlock();
        }
    }

    /** Where the header can't be read, the segment is as old as can be, and keeps its expiration. */
    @GuardedBy("rotation")
    private long windowStart(SegmentEntry entry) {
        try {
            return owned().chain().windowOf(entry).startMillis();
        } catch (IOException | WalException e) {
            return Long.MIN_VALUE;
        }
    }

    @GuardedBy("rotation")
    private long windowEndOf(SegmentEntry entry) throws IOException {
        try {
            return owned().chain().windowOf(entry).endMillis();
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // whoever reads it is told
            return windowEndNow(entry.name());
        }
    }

    private long windowEndNow(SegmentName name) {
        return name.expirationMillis() - policy.retentionMillis();
    }

    // ---------------------------------------------------------------- deleting and cutting

    private SegmentDeletion deletion() {
        return pinned().deletion();
    }

    /** For who gives up the rotation lock, and comes back. */
    private OwnSegments pinned() {
        rotation.lock();
        try {
            return owned().pin();
        } finally {
            rotation.unlock();
        }
    }

    /** A segment that is gone. */
    public record Deleted(Path file, SegmentName name, long bytes) {}

    /**
     * Decides that the oldest segments go, up to this one, but for the one that is appended to.
     *
     * @return the position below which all is to go, for {@link #deleteOldest} once it is written down; empty where nothing is to go
     */
    public OptionalLong condemnUpTo(long basePosition) throws IOException {
        return deletion().condemnUpTo(basePosition);
    }

    /**
     * Deletes the oldest segment, if it is still this one.
     *
     * @param below written down: everything below this position is to go
     * @return empty where it isn't
     */
    public Optional<Deleted> deleteOldest(long basePosition, long below) throws IOException {
        return deletion().deleteOldest(basePosition, below);
    }

    /**
     * Deletes the files of the oldest segments, which stand in packs.
     *
     * @param below written down: everything below this position is to go
     */
    public void deletePacked(long below) throws IOException {
        deletion().deletePacked(below);
    }

    /**
     * Deletes the sealed segments at the stream's beginning whose windows end at or before a time; durably.
     *
     * @param belowPosition none that begins there or behind
     * @param each is told of every one that is gone
     */
    public void purge(long beforeMillis, long belowPosition, Consumer<Deleted> each) throws IOException {
        if (mayHaveSegments) {
            deletion().purge(beforeMillis, belowPosition, each);
        }
    }

    /** Where the windows end of the stream's own segments, by base position. */
    public NavigableMap<Long, Long> windowEnds() throws IOException {
        rotation.lock();
        try {
            NavigableMap<Long, Long> ends = new TreeMap<>();
            if (hasNoneOfItsOwn()) {
                return ends;
            }
            SegmentChain chain = owned().chain();
            chain.recover();
            for (SegmentEntry entry : chain.segments().all()) {
                ends.put(entry.name().basePosition(), chain.windowOf(entry).endMillis());
            }
            return ends;
        } finally {
            rotation.unlock();
        }
    }

    /**
     * Deletes the whole stream, durably; should it be appended to again, it goes on at positions it never had. What is appended meanwhile
     * stays.
     *
     * @return whether there was anything
     */
    public boolean delete(Consumer<Deleted> each) throws IOException {
        return deletion().deleteAll(each);
    }

    /**
     * Cuts off what stands behind a record; durably. What is appended meanwhile goes with the rest or stays, as it comes.
     *
     * @param each is told of every segment that is gone
     * @throws IllegalArgumentException where the record is in the middle of a batch
     * @throws EntryNotFoundException where there is no such record
     */
    public void truncateAfter(EntryRef last, Consumer<Deleted> each) throws IOException {
        pinned().tailCut().truncateAfter(last, each);
    }

    // ---------------------------------------------------------------- packing

    /** A segment that is sealed, and that another one follows: nothing of it changes any more. */
    public record Settled(SegmentName name, Window window, long bytes) {}

    /**
     * The oldest segments as far as they are settled, their windows are over, and none is larger; in order of position.
     *
     * @param maxBytes of one file
     */
    public List<Settled> oldestSettled(long nowMillis, long maxBytes) throws IOException {
        rotation.lock();
        try {
            if (hasNoneOfItsOwn()) {
                return List.of();
            }
            SegmentChain chain = owned().chain();
            SegmentList segments = chain.segments();
            chain.load();
            if (segments.size() < 2) {
                return List.of();
            }
            chain.recover();
            owned().pendingCut().awaitDecision();
            owned().pendingCut().finish(gone -> {});
            List<Settled> settled = new ArrayList<>();
            for (SegmentEntry entry : segments.all().subList(0, Math.max(0, segments.size() - 1))) {
                if (entry.unfinished() != null || entry.bytes() > maxBytes) {
                    break;
                }
                Window window = chain.windowOf(entry);
                if (window.endMillis() > nowMillis) {
                    break;
                }
                settled.add(new Settled(entry.name(), window, entry.bytes()));
            }
            return settled;
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- the whole

    /** Brings the stream in order, if nobody has yet. Under no lock. */
    public void recoverNow() {
        rotation.lock();
        try {
            if (!hasNoneOfItsOwn()) {
                owned().chain().recover();
            }
        } finally {
            rotation.unlock();
        }
        log.sealer().helpIfBehind();
    }

    /** Where the oldest of the stream's own segments begins; {@link Long#MAX_VALUE} where there is none, as far as has been looked. */
    public long oldestPosition() {
        rotation.lock();
        try {
            OwnSegments known = owned;
            return known == null || known.segments().isEmpty() ? Long.MAX_VALUE : known.segments().oldest().name().basePosition();
        } finally {
            rotation.unlock();
        }
    }

    /** How many segments the stream has. */
    public int segmentCount() throws IOException {
        rotation.lock();
        try {
            if (hasNoneOfItsOwn()) {
                return 0;
            }
            owned().chain().load();
            return owned().segments().size();
        } finally {
            rotation.unlock();
        }
    }

    /** What the segments' files take. */
    public long bytes() throws IOException {
        rotation.lock();
        try {
            if (hasNoneOfItsOwn()) {
                return 0;
            }
            owned().chain().load();
            return owned().segments().bytes();
        } finally {
            rotation.unlock();
        }
    }

    /** What the files of the segments take that are known so far. */
    long listedBytes() {
        rotation.lock();
        try {
            OwnSegments known = owned;
            return known == null ? 0 : known.segments().bytes();
        } finally {
            rotation.unlock();
        }
    }

    /** To segments that are not given up yet. */
    public Appended appended() {
        rotation.lock();
        try {
            return unfinished().stream().map(ActiveSegment::appended).reduce(Appended.NOTHING, Appended::plus);
        } finally {
            rotation.unlock();
        }
    }

    /** Copies the stream as it is now; finished segments by a hard link where the file system can. */
    public void copyTo(Path target) throws IOException {
        rotation.lock();
        try {
            log.checkOpen(key);
            if (hasNoneOfItsOwn()) {
                return;
            }
            owned().chain().recover();
            SegmentList segments = owned().segments();
            if (segments.isEmpty()) {
                return;
            }
            Files.createDirectories(target);
            for (SegmentEntry entry : segments.all()) {
                Path source = directory().resolve(entry.name().fileName());
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

    /**
     * Whether there is a segment to which nothing was appended, as after an append that failed. Nothing forces it: a loss of power may leave
     * its name without its header.
     */
    public boolean hasEmptySegment() {
        rotation.lock();
        try {
            return unfinished().stream().anyMatch(ActiveSegment::isEmpty);
        } finally {
            rotation.unlock();
        }
    }

    /** Seals the active segment, if it was created at or before a time and something is in it, and waits for its final form. */
    public void sealIfOlder(long createdMillis) throws IOException {
        ActiveSegment segment;
        rotation.lock();
        try {
            log.checkOpen(key);
            segment = active();
            if (segment == null || segment.isEmpty() || segment.header().createdMillis() > createdMillis) {
                return;
            }
            owned().chain().deactivate(segment);
        } finally {
            rotation.unlock();
        }
        log.sealer().sealNow(segment);
    }

    /** Gives up all that is held, so that the stream can be opened again. False where a mapping had to be left to the process. */
    public boolean close() {
        rotation.lock();
        try {
            OwnSegments known = owned;
            if (known == null) {
                return true;
            }
            known.spare().clear();
            boolean complete = true;
            for (ActiveSegment segment : known.segments().unfinished()) {
                complete &= segment.close();
            }
            return complete;
        } finally {
            rotation.unlock();
        }
    }
}
