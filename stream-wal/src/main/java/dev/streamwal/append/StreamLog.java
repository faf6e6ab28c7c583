package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.commit.CommitCursor;
import dev.streamwal.commit.CommitSegment;
import dev.streamwal.commit.CommitStream;
import dev.streamwal.commit.CommitTarget;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalException;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.SegmentRotateEvent;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.FileOperation;
import dev.streamwal.measure.Stall;
import dev.streamwal.measure.StallCause;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.recovery.RecordErasure;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.MisdatedSegments;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.shared.SlotLayout;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One stream, as its writer sees it: the segment that is appended to, and the chain of segments before it. Thread-safe. */
public final class StreamLog implements CommitStream {

    /*
     * Concurrency.
     *
     * Appends go to `active`. It changes under the rotation lock only, by compare-and-set, from
     *
     *   null       the stream has not been written to since the log was opened, or has no segment to continue
     *   S          a segment; sealed while its successor could not be created
     *
     * A thread that finds that `active` can't take its record requests a rotation, naming the segment that it saw. Under the lock the first
     * such thread seals that segment, which fixes its length and so its successor's base position, gives the successor its name, and sets
     * `active`; the others see that `active` has changed and continue with it. A failed rotation, for example since the disk is full, leaves
     * the sealed segment in `active`, and the next append tries again. So each segment gets one successor, whichever thread asked.
     *
     * A segment holds a mapping or a descriptor from its creation until the sealer has finished it, or the stream is closed. So a stream
     * holds one, and another one for each segment that waits for the sealer. Their number is bounded: rotating threads help the sealer. A
     * stream without a segment checks first whether there is room.
     *
     * Lock order: rotation, segment. Everything about the chain of segments happens under the rotation lock; reading `active` needs none.
     *
     * Windows go forwards, and late records stay in the last one. So a single append while the clock is far ahead would keep the stream in
     * that window until the clock gets there. Once the clock says that the window lies in the future, the stream leaves it, and continues in
     * the window of the current time. Positions go on increasing; nothing that reads by time relies on the order of windows, only on a
     * segment's records being before the end of its own window. If it is the clock that is behind now, the stream stays where it is, as with
     * late records: a segment begun in the past would be swept as soon as the clock is right.
     *
     * SegmentDeletion and TailCut, which remove segments, have essays of their own.
     */

    private final LogContext log;
    private final StreamKey key;
    private final StreamPolicy policy;
    /** Null before the stream's segments were listed, and while it shares and has never had any. Changes under the rotation lock. */
    private volatile @Nullable OwnSegments owned;
    /** Where appends go while the stream shares segments with others; null while it doesn't. Changes under the rotation lock. */
    private volatile @Nullable SharedTail sharing;
    /** The tail where it shared last, while that is not known to be durable. */
    private volatile @Nullable SharedTail left;
    private final ReentrantLock rotation = new ReentrantLock();

    /** Created on the first request; then always the same. */
    private volatile @Nullable CommitCursor cursor;

    private static final AtomicReferenceFieldUpdater<StreamLog, CommitCursor> CURSOR =
            AtomicReferenceFieldUpdater.newUpdater(StreamLog.class, CommitCursor.class, "cursor");

    private volatile boolean mayHaveSegments = true;

    /** Since the log was opened. */
    private volatile boolean hasShared;

    /** Whether a record of it has a place in shared segments, since the log was opened. */
    private volatile boolean isKept;

    /** Whether it was let go of when all of it was in packs, and wasn't appended to since. */
    private volatile boolean isForgotten;

    private final SegmentChoice choice;

    /** Set before the stream is shared. */
    private SegmentsWatch watch = NOBODY;
    private @Nullable Object holder;

    private static final SegmentsWatch NOBODY = (stream, own, any) -> {};

    /** Whether it counts as one of the streams that have segments of their own. */
    @GuardedBy("rotation")
    private boolean owns;

    public StreamLog(LogContext log, StreamKey key, StreamPolicy policy, SegmentChoice choice) {
        this.log = log;
        this.key = key;
        this.policy = policy;
        this.choice = choice;
    }

    /** The stream's own segments; listed when {@link SegmentChain#load loaded}. */
    @GuardedBy("rotation")
    private OwnSegments owned() {
        OwnSegments known = owned;
        if (known == null) {
            known = new OwnSegments(this, rotation);
            if (sharing != null) {
                known.chain.hasNone();
            }
            owned = known;
        }
        return known;
    }

    /** Whether the stream shares and has no segments of its own: then there is nothing to list. */
    @GuardedBy("rotation")
    private boolean hasNoneOfItsOwn() {
        return owned == null && sharing != null;
    }

    /** Looks at the stream's own segments, with the rotation lock. */
    private interface Look<T, E extends Exception> {
        T at(OwnSegments own) throws E;
    }

    /** @param none if the stream has no segments of its own */
    private <T, E extends Exception> T look(T none, Look<T, E> look) throws E {
        rotation.lock();
        try {
            return hasNoneOfItsOwn() ? none : look.at(owned());
        } finally {
            rotation.unlock();
        }
    }

    /** @param none if no segments were listed so far */
    private <T> T lookAtListed(T none, Function<OwnSegments, T> look) {
        rotation.lock();
        try {
            OwnSegments known = owned;
            return known == null ? none : look.apply(known);
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private void recoverOwn() {
        if (!hasNoneOfItsOwn()) {
            owned().chain.recover();
        }
    }

    private @Nullable ActiveSegment active() {
        OwnSegments known = owned;
        return known == null ? null : known.active();
    }

    /** The open segments; none if the segments weren't listed. */
    @GuardedBy("rotation")
    private List<ActiveSegment> unfinished() {
        OwnSegments known = owned;
        return known == null ? List.of() : known.chain.segments.unfinished();
    }

    /**
     * Keeps the stream reachable also if it continues after what it shared since the log was opened, because only this object knows that position;
     * and while a cut is recorded but not completed, because only this object can complete it. Then the stream counts as one with segments of its
     * own, so that sweeps visit it.
     */
    @GuardedBy("rotation")
    void hasSegments(boolean any) {
        mayHaveSegments = any;
        OwnSegments known = owned;
        boolean isVisited = any || (known != null && known.pendingCut.left() != null);
        watch.hasSegments(this, isVisited, isVisited || sharing != null || (isKept && owned().chain.next.isFromElsewhere()));
    }

    /** Knows which streams have segments of their own, and keeps those reachable that have anything. Implementations never throw. */
    @FunctionalInterface
    public interface SegmentsWatch {

        /**
         * Called when that may have changed, by one thread at a time for a stream; before anything is appended to a first segment.
         *
         * @param own whether it may have segments of its own, or has a cut that isn't completed
         * @param any whether it has anything, there or in shared segments
         */
        void hasSegments(StreamLog stream, boolean own, boolean any);
    }

    /** To be called once, before the stream is shared. */
    public void watch(SegmentsWatch newWatch, Object newHolder) {
        watch = newWatch;
        holder = newHolder;
    }

    /** The holder that was passed to {@link #watch}. */
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
        return log.directories().of(key);
    }

    /** The largest batch that an empty segment takes. */
    public long capacityForRecords() {
        return (long) policy.segmentBytes() - SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    // ---------------------------------------------------------------- appending

    /** Returned by {@link #append} if another thread has appended. */
    public static final long MISMATCH = ActiveSegment.MISMATCH;

    /** As {@code expectedEnd}: wherever the end is. */
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
            // an append that expects an end compares first: one that appends nothing doesn't make the stream share
            if (sharing != null || (shares == null && expectedEnd == ANY_END && beginShared())) {
                continue;
            }
            ActiveSegment segment = active();
            if (segment == null) {
                awaitWhatIsBefore();
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
     * Appends two records or more; readers see all or none.
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
            if (sharing != null || (shares == null && beginShared())) {
                continue;
            }
            ActiveSegment segment = active();
            if (segment == null) {
                awaitWhatIsBefore();
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
     * For the shared stream: appends a record whatever its timestamp, in the current window.
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

    /** Like {@link #appendSlot}, for a batch. */
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
     * A timestamp whose window has not expired. The window had not when the timestamp was checked; the clock, read again since, may say
     * otherwise, and then no segment would fit.
     */
    private long notExpired(long timestampMillis, long nowMillis) {
        return Math.min(nowMillis, policy.expirationOf(policy.windowOf(timestampMillis)) - 1);
    }

    /** An expired segment would be swept with the record in it. */
    private boolean takes(ActiveSegment segment, long timestampMillis, long nowMillis) {
        return timestampMillis < segment.windowEndMillis() && nowMillis < segment.expirationMillis()
                && !log.time().isMisdated(segment.windowStartMillis(), nowMillis);
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
                owned().chain.recover();
                now = sharing;
            }
            return now == null ? owned().chain.endPosition() : now.endPosition();
        } finally {
            rotation.unlock();
        }
    }

    /** As {@link #endPosition()}; and what is appended from here on isn't in a part of a shared segment that begins before that position. */
    public long endPart() {
        long end = endPosition();
        SharedTail shares = sharing;
        return shares == null ? end : shares.endPart();
    }

    /** Where the last reserved slot ends; -1 if the stream has no segment, or if the end isn't known, because what an earlier writer left can't be read. */
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
                owned().chain.recover();
                segment = active();
                if (segment == null) {
                    Continuation next = owned().chain.next;
                    return next.isUncertain() ? -1 : next.end();
                }
            } finally {
                rotation.unlock();
            }
        }
        return segment.reservedEnd();
    }

    /** Whether a slot was reserved here and can never be published. */
    public boolean isAbandoned(long position) {
        return isAnyUnfinished(segment -> segment.isAbandoned(position));
    }

    /** Called for durable appends, and for each stream by a sync: a {@code java.util.stream} would be garbage. */
    private boolean isAnyUnfinished(Predicate<ActiveSegment> what) {
        rotation.lock();
        try {
            for (ActiveSegment segment : unfinished()) {
                if (what.test(segment)) {
                    return true;
                }
            }
            return false;
        } finally {
            rotation.unlock();
        }
    }

    /** Whether the slot at this position is reserved in a segment that is appended to, or has no footer yet. A cut takes slots back. */
    public boolean isUnfinished(long position) {
        return lookAtListed(false, own -> {
            SegmentEntry holder = own.chain.segments.holding(position);
            ActiveSegment unfinished = holder == null ? null : holder.unfinished();
            return unfinished != null && position < unfinished.reservedEnd();
        });
    }

    // ---------------------------------------------------------------- committing

    @Override
    public CommitCursor cursor() {
        CommitCursor known = cursor;
        return known != null ? known : CURSOR.updateAndGet(this, made -> made == null ? new CommitCursor(this) : made);
    }

    /**
     * The targets at which everything appended up to a position is durable.
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

    /** The target at which everything of the stream in shared segments is durable; null if it is. */
    private @Nullable CommitTarget sharedTarget() {
        while (true) {
            SharedTail shares = sharing;
            if (shares != null) {
                return shares.target();
            }
            CommitTarget before = undurableShared();
            // if the stream has begun to share again since, the new tail's target covers everything
            if (before != null || sharing == null) {
                return before;
            }
        }
    }

    /** The target for what the stream has in shared segments but no longer appends to; null if that is durable. */
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

    /**
     * Called, without locks, before the stream gets a segment of its own while its newest records are shared ones, or may begin to share while its
     * newest records are in segments of its own. Each kind is forced without the other: the next records could survive a loss of power that takes
     * those before them. See {@link SharedLog}.
     */
    private void awaitWhatIsBefore() {
        CommitTarget before = undurableElsewhere();
        if (before != null) {
            Stall stall = new Stall();
            try {
                log.durability().await(List.of(before));
            } catch (IOException e) {
                throw notAppended("append", e, 0);
            } finally {
                stall.end(StallCause.SHARED, key, log.events());
            }
        }
    }

    /** The target at which the newest records are durable, if they aren't, and the next ones go, or may go, to segments of the other kind. */
    private @Nullable CommitTarget undurableElsewhere() {
        rotation.lock();
        try {
            if (hasNoneOfItsOwn()) {
                // another thread was first
                return null;
            }
            owned().chain.recover();
            boolean isShared = owned().chain.next.isFromElsewhere();
            if (isOwnOnly()) {
                return isShared ? undurableShared() : null;
            }
            SharedLog shared = log.shared();
            boolean mayShare = shared != null && shared.log() != this;
            return mayShare && !isShared && isUndurable() ? new CommitTarget(cursor(), ownEnd()) : null;
        } finally {
            rotation.unlock();
        }
    }

    /** False if the stream is known to have no segments of its own. */
    public boolean mayHaveSegments() {
        return mayHaveSegments;
    }

    /** The targets at which everything appended is durable, if anything isn't. */
    public List<CommitTarget> undurable() {
        return with(sharedTarget());
    }

    /** Where the last reserved slot in segments of its own ends. */
    public long ownEnd() {
        rotation.lock();
        try {
            List<ActiveSegment> unfinished = unfinished();
            return unfinished.isEmpty() ? 0 : unfinished.get(unfinished.size() - 1).reservedEnd();
        } finally {
            rotation.unlock();
        }
    }

    /** Everything appended up to the position was made durable. */
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
            recoverOwn();
            return unfinished();
        } finally {
            rotation.unlock();
        }
    }

    @Override
    public List<? extends CommitSegment> openSegments() {
        return lookAtListed(List.<ActiveSegment>of(), own -> own.chain.segments.unfinished());
    }

    /** Stream position before which everything survives power loss. */
    public long durablePosition() {
        rotation.lock();
        try {
            recoverOwn();
            SharedTail shares = sharing;
            if (shares != null && unfinished().stream().noneMatch(ActiveSegment::isUndurable)) {
                return shares.durablePosition();
            }
            // first: nothing is promised for what is appended while the segments are examined
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
        return isAnyUnfinished(ActiveSegment::isUndurable);
    }

    // ---------------------------------------------------------------- rotation

    private void rotate(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) {
        Stall stall = new Stall();
        try {
            rotateNow(seen, timestampMillis, nowMillis);
        } finally {
            stall.end(StallCause.ROTATION, key, log.events());
        }
        if (!key.equals(StreamKey.SHARED)) {
            // a thread that appends to the shared stream holds another stream's lock; a thread that holds what sealing needs may wait for that lock
            log.sealer().helpIfBehind();
        }
    }

    private void rotateNow(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) {
        SegmentRotateEvent event = FlightRecording.isOn() ? new SegmentRotateEvent() : null;
        rotation.lock();
        try {
            if (hasNoneOfItsOwn()) {
                // another thread was first
                return;
            }
            SegmentChain chain = owned().chain;
            owned().pendingCut.awaitDecision();
            chain.checkOpen();
            if (active() != seen) {
                return;
            }
            owned().pendingCut.finish(gone -> {});
            if (seen == null) {
                chain.recover();
                if (active() != null || sharing != null) {
                    return;
                }
            } else {
                chain.retire(seen);
            }
            boolean wasOwner = owns;
            if (share(seen)) {
                return;
            }
            ActiveSegment successor = wasOwner ? create(seen, timestampMillis, nowMillis) : createOrDisown(seen, timestampMillis, nowMillis);
            log.events().appendHasRoom();
            if (event != null) {
                event.rotated(key.text(), seen == null ? null : seen.path(), successor.path());
            }
        } catch (IOException e) {
            WalException failure = notAppended("create a segment", e, FooterLayout.PAGE_BYTES);
            if (!(e instanceof FlushFailedException)) {
                log.events().appendHasNoRoom(failure);
            }
            throw failure;
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private ActiveSegment create(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) throws IOException {
        if (seen == null) {
            // otherwise the segment before it releases what it holds
            checkRoom();
        }
        return owned().creation.create(seen, timestampMillis, nowMillis);
    }

    /** If it gets no segment, it doesn't count as an owner: ever new keys that are appended to while the disk is full leave the others their segments. */
    @GuardedBy("rotation")
    private ActiveSegment createOrDisown(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) throws IOException {
        boolean isDone = false;
        try {
            ActiveSegment successor = create(seen, timestampMillis, nowMillis);
            isDone = true;
            return successor;
        } finally {
            SharedLog shared = log.shared();
            if (!isDone && owns && shared != null) {
                owns = false;
                shared.disowns();
            }
        }
    }

    /** Not for the shared stream: its segment is only one, and the last that should be refused. */
    private void checkRoom() {
        if (!key.equals(StreamKey.SHARED)) {
            log.checkRoom(directory(), key);
        }
    }

    private WalException notAppended(String task, IOException e, long neededBytes) {
        // after a failed flush it is of no use to try again
        return e instanceof FlushFailedException flush ? flush.published(log.positions().root(), key.text())
                : StorageErrors.translate(task, e, directory(), key.text(), WalException.NO_POSITION, neededBytes);
    }

    // ---------------------------------------------------------------- sharing

    /**
     * Has a stream share that has no directory, and so no segments of its own. Most of a million streams begin like this, and most of the others are
     * appended to again after they were let go of. They do without the object of a stream that may have such segments.
     *
     * @return whether it shares now; false if it isn't such a stream, or may get segments of its own
     */
    private boolean beginShared() {
        if (owned != null) {
            return false;
        }
        rotation.lock();
        try {
            if (sharing != null) {
                return true;
            }
            SharedLog shared = log.shared();
            if (owned != null || shared == null || shared.log() == this || isOwnOnly()) {
                return false;
            }
            if ((choice == SegmentChoice.AUTO && !shared.isFull()) || log.directories().mayHave(key)) {
                return false;
            }
            log.checkOpen(key);
            Continuation next = new Continuation();
            next.after(log.packed().newest(key));
            mayHaveSegments = false;
            share(shared, next, !next.hasEnd(), false);
            return true;
        } catch (IOException e) {
            throw notAppended("open the stream", e, 0);
        } finally {
            rotation.unlock();
        }
    }

    /** Makes the stream share segments with others, unless it is one of those with segments of their own. */
    @GuardedBy("rotation")
    private boolean share(@Nullable ActiveSegment seen) throws IOException {
        SharedLog shared = log.shared();
        if (shared == null || shared.log() == this || isOwnOnly()) {
            return false;
        }
        OwnSegments before = owned();
        Continuation next = before.chain.next;
        if (choice == SegmentChoice.AUTO && !next.isFromElsewhere() && log.hasRoom() && shared.mayOwn()) {
            owns = true;
            return false;
        }
        if (seen != null) {
            before.chain.deactivate(seen);
        }
        share(shared, next, before.chain.segments.isEmpty() && !next.hasEnd(), true);
        if (before.isDispensable()) {
            // the shared tail knows now where the stream ended
            owned = null;
        }
        return true;
    }

    /**
     * @param isFirst whether it has never had a segment
     * @param isKept whether only this object knows where the stream goes on; otherwise it is kept in memory when a record of it has a place: see
     *     {@link #keepShared}
     */
    @GuardedBy("rotation")
    private void share(SharedLog shared, Continuation next, boolean isFirst, boolean isKept) {
        CommitTarget undurable = undurableShared();
        sharing = new SharedTail(this, shared, next, log.positions().current().start(), isFirst, undurable == null ? 0 : undurable.end(), isKept);
        left = null;
        hasShared = true;
        isForgotten = false;
        if (isKept) {
            keepShared();
            holdShared(true);
        }
    }

    /**
     * Notes that the stream has something in shared segments, so that it stays in memory. A stream that has nothing there doesn't: ever new keys that are
     * appended to while the disk is full would fill the memory. Such a key begins again as it did here, by what packs have of it.
     */
    void keepShared() {
        isKept = true;
    }

    /** Keeps the stream, which shares, in memory, or lets go of it. */
    void holdShared(boolean any) {
        watch.hasSegments(this, mayHaveSegments, any);
    }

    @GuardedBy("rotation")
    private boolean isOwnOnly() {
        return choice == SegmentChoice.OWN || policy.maxBytes() != Long.MAX_VALUE || owns;
    }

    private int beginningBytes() {
        return SlotLayout.MAX_BYTES - StreamKey.MAX_BYTES + key.utf8Length();
    }

    /** Gives the stream segments of its own from now on. */
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

    /** Makes the stream continue as its chain says; called before it is cut or deleted. */
    @GuardedBy("rotation")
    void leaveShared() {
        SharedTail shares = sharing;
        if (shares != null) {
            shares.leave(owned().chain.next);
            // before other threads see that the stream doesn't share
            left = shares;
            sharing = null;
        }
    }

    /**
     * Position of the shared stream after the last record that this stream has appended there since the log was opened; 0 if there is none,
     * empty if that is no longer known.
     */
    public OptionalLong sharedEnd() {
        SharedTail shares = sharing;
        return shares != null ? shares.appendedEnd() : hasShared && !isForgotten ? OptionalLong.empty() : OptionalLong.of(0);
    }

    /** The targets at which everything in shared segments is durable; empty if the stream doesn't share. */
    public List<CommitTarget> sharedTargets() {
        SharedTail shares = sharing;
        return shares == null ? List.of() : List.of(shares.target());
    }

    /** Whether the last window of a stream that shares segments is over, and another one since. */
    public boolean isIdle(long nowMillis) {
        SharedTail shares = sharing;
        return shares != null && shares.isIdle(nowMillis);
    }

    /** Whether the last window of a stream that shares segments has expired. */
    public boolean hasExpired(long nowMillis) {
        SharedTail shares = sharing;
        return shares != null && shares.hasExpired(nowMillis);
    }

    /**
     * Lets go of a stream of which everything has expired and is gone, so that keys that come and go don't fill the memory.
     *
     * <p>Why nothing is lost, and no position is given twice. The end is read before {@code isGone} is asked, so what is below it is gone. Then the
     * stream leaves the shared segments; after that no append goes there without the rotation lock. If the end is the same, nothing was appended
     * since. From then on the log's start is above all of the stream's positions, as after a deletion, and a new stream of this key, which knows
     * nothing of this one, begins there. If the end isn't the same, the next append goes on from there.
     *
     * @param isGone whether the log has nothing of the stream; asked only if its last window has expired
     * @return whether the stream is forgotten
     */
    public boolean forgetIfGone(long nowMillis, FileOperation<Boolean> isGone) throws IOException {
        SharedTail shares = sharing;
        if (shares == null || !shares.hasExpired(nowMillis)) {
            return false;
        }
        long end = shares.endPosition();
        if (!isGone.run()) {
            return false;
        }
        rotation.lock();
        try {
            return sharing == shares && hasNoneOfItsOwn() && deletion().forgetIfGone(end);
        } finally {
            rotation.unlock();
        }
    }

    /**
     * Lets go of an idle stream all of whose records are in packs, so that a log may have more keys than the memory has room for. The next append, or
     * the next call that asks for the end, looks into the packs, as after an opening of the log.
     *
     * <p>Why nothing is lost, and no position is given twice. The packs are asked first, as they will be later, and have to say the end that is known
     * here; then the stream leaves the shared segments, and only if its end is still the same and no position behind it was given: so nothing was
     * appended since, and nothing was begun. Before a sweep deletes packs, it raises the log's start above all positions; a stream that isn't in
     * packs any more continues there.
     *
     * @param packed says whether packs know the stream's end; asked only if the stream is idle
     * @return whether the stream is forgotten
     */
    public boolean forgetIfPacked(long nowMillis, IsPacked packed) throws IOException {
        SharedTail shares = sharing;
        if (shares == null || !shares.isIdle(nowMillis)) {
            return false;
        }
        long end = shares.endPosition();
        if (!packed.test(this, end)) {
            return false;
        }
        rotation.lock();
        try {
            log.checkOpen(key);
            if (sharing != shares || !hasNoneOfItsOwn() || !shares.leaveAt(end)) {
                return false;
            }
            left = null;
            isForgotten = true;
            sharing = null;
            watch.hasSegments(this, false, false);
            return true;
        } finally {
            rotation.unlock();
        }
    }

    /** Looks whether a log's packs have all of a stream, up to its end. */
    @FunctionalInterface
    public interface IsPacked {
        boolean test(StreamLog stream, long end) throws IOException;
    }

    // ---------------------------------------------------------------- what the preparer and the sealer call

    /** Prepares the successor of a segment that is about to be full. Called by the preparer. */
    void prepareSuccessor() {
        OwnSegments known = owned;
        if (known != null) {
            known.creation.prepare();
        }
    }

    /** See {@link SegmentCreation#prepareNextWindow}. To be called without locks, now and then. */
    public void prepareNextWindow(long nowMillis, long maxLeadMillis) {
        OwnSegments known = owned;
        if (known != null) {
            known.creation.prepareNextWindow(nowMillis, maxLeadMillis);
        }
    }

    /** The segment's entry in the list; null if it has none any more. */
    @GuardedBy("rotation")
    private @Nullable SegmentEntry entryOf(ActiveSegment segment) {
        OwnSegments known = owned;
        return known == null ? null : known.chain.segments.of(segment);
    }

    /** Called by the sealer: the first segment up to this one without a footer; null if there is none. */
    @Nullable ActiveSegment nextToFinish(ActiveSegment last) {
        rotation.lock();
        try {
            return entryOf(last) == null ? null : unfinished().get(0);
        } finally {
            rotation.unlock();
        }
    }

    /**
     * Makes the names of the stream's segments durable, before a footer claims that. Called by the sealer, with the lock of an unfinished
     * segment, so that the directory isn't deleted meanwhile.
     */
    void forceNames() throws IOException {
        OwnSegments known = owned;
        if (known != null) {
            known.names.force();
        }
    }

    /** Makes sure that no deleted file comes back: one that was packed may, from a power loss, until its directory is forced. */
    public void forceDeletions() throws IOException {
        OwnSegments known = owned;
        if (known != null) {
            known.names.forceDeletion(true);
        }
    }

    /**
     * Makes durable which files the stream has. If its directory is gone, {@link #forceDeletedDirectories} makes that durable, of all streams at once.
     *
     * @return whether the directory is gone, or may be
     */
    public boolean forceDeletedFiles(boolean directoryMayBeGone) throws IOException {
        OwnSegments known = owned;
        return known != null && known.names.forceDeletedFiles(directoryMayBeGone);
    }

    /** Makes durable which streams have directories: this one, and all others. */
    public void forceDeletedDirectories() throws IOException {
        new DurableNames(log, directory()).forceParent();
    }

    /** Called by the sealer, which has released a segment; if it has no footer, the sweeper's next pass has it tried again. */
    void left(ActiveSegment segment) {
        rotation.lock();
        try {
            SegmentEntry entry = entryOf(segment);
            if (entry != null) {
                entry.left();
            }
        } finally {
            rotation.unlock();
        }
    }

    /** Called by the sealer: a segment got its footer. */
    void finished(ActiveSegment segment) {
        long bytes = segment.sealedBytes();
        rotation.lock();
        try {
            SegmentEntry entry = entryOf(segment);
            if (entry == null) {
                return;
            }
            if (segment.isTakenAway()) {
                owned().chain.segments.remove(entry);
                return;
            }
            owned().chain.segments.finished(entry, bytes);
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
     * Completes a cut that failed half way; if it fails again, it is recorded again. To be called without locks of the stream, by one thread at a time,
     * and at no time at which the stream may be cut.
     */
    public void finishCut() throws IOException {
        OwnSegments known = owned;
        if (known != null) {
            known.tailCut.finishLeft();
        }
    }

    /**
     * Seals the active segment if it is idle or has expired, so that it can be deleted; requests footers again that could not be written. A
     * segment is idle if its window is over and it had no append since the last pass. So an idle stream expires too, and a backfill isn't
     * split into many segments.
     */
    public void sealIfIdle(long nowMillis) throws IOException {
        rotation.lock();
        try {
            log.checkOpen(key);
            if (!hasNoneOfItsOwn()) {
                owned().ages.sealIfIdle(nowMillis);
            }
        } finally {
            rotation.unlock();
        }
    }

    /**
     * The stream as the expiry plan needs it.
     *
     * @param isCompared whether its segments are compared with other streams': then each segment's window is the one in its header. Otherwise
     *     it is the one that would follow from the stream's retention now, so that no file is read.
     * @param inPacks what it has in packs
     */
    public ExpiryPlan.Stream expiryView(long nowMillis, boolean isCompared, MisdatedSegments.InPacks inPacks) throws IOException {
        return new ExpiryPlan.Stream(key.text(), policy.maxBytes(), look(List.of(), own -> own.ages.expiryView(nowMillis, isCompared, inPacks)));
    }

    /**
     * Seals the active segment if it has records and was created at or before {@code fromMillis}, or, by a clock that was ahead, after
     * {@code toMillis}. Then waits for the final form of all sealed segments, as far as that is possible now; segments that an earlier writer left
     * are sealed in the background. The next append finds its segment prepared.
     */
    public void sealUnlessCreatedBetween(long fromMillis, long toMillis) throws IOException {
        pinned().ages.sealUnlessCreatedBetween(fromMillis, toMillis);
    }

    /** The ends of the windows of the stream's own segments, by base position. */
    public NavigableMap<Long, Long> windowEnds() throws IOException {
        return look(new TreeMap<>(), own -> own.ages.windowEnds());
    }

    // ---------------------------------------------------------------- deleting and cutting

    private SegmentDeletion deletion() {
        return pinned().deletion;
    }

    /** For methods that release the rotation lock and take it again. */
    private OwnSegments pinned() {
        rotation.lock();
        try {
            return owned().pin();
        } finally {
            rotation.unlock();
        }
    }

    /** A deleted segment. */
    public record Deleted(Path file, SegmentName name, long bytes) {}

    /**
     * Decides to delete the oldest segments, up to this one, but never the one that is appended to.
     *
     * @return the position below which everything is deleted, for {@link #deleteOldest} once it is recorded; empty if nothing is to be
     *     deleted
     */
    public OptionalLong condemnUpTo(long basePosition) throws IOException {
        return deletion().condemnUpTo(basePosition);
    }

    /**
     * Deletes the oldest segment, if it is still this one.
     *
     * @param below recorded: everything below this position is deleted
     * @return empty if it isn't
     */
    public Optional<Deleted> deleteOldest(long basePosition, long below) throws IOException {
        return deletion().deleteOldest(basePosition, below);
    }

    /**
     * Decides to delete the sealed segments at the stream's beginning whose windows end at or before a time.
     *
     * @param belowPosition segments that begin at or after it stay
     * @return the position below which everything is deleted, for {@link #deleteBelow} once it is recorded; empty if nothing is to be deleted
     */
    public OptionalLong condemnBefore(long beforeMillis, long belowPosition) throws IOException {
        return mayHaveSegments ? deletion().condemnBefore(beforeMillis, belowPosition) : OptionalLong.empty();
    }

    /**
     * Decides to delete all of the stream's own segments. If it is appended to again, it continues at positions that it never had. What is appended
     * from now on stays.
     *
     * @param belowPosition segments that begin at or after it stay
     * @return as {@link #condemnBefore}; if it is empty because the stream has no segments of its own, the stream is forgotten already: see
     *     {@link #forgetIfDeleted}
     */
    public OptionalLong condemnAll(long belowPosition) throws IOException {
        return deletion().condemnAll(belowPosition);
    }

    /**
     * Deletes the oldest segments.
     *
     * @param below recorded: everything below this position is deleted
     * @param each is called with every deleted segment
     * @return whether the stream has none left
     */
    public boolean deleteBelow(long below, Consumer<Deleted> each) throws IOException {
        return deletion().deleteBelow(below, each);
    }

    /** Forgets the stream, all of which was deleted, unless it has been appended to since. */
    public void forgetIfDeleted() {
        deletion().forgetIfDeleted();
    }

    /**
     * Cuts off everything after a record; durably. Records appended meanwhile are cut off too or stay, depending on the order.
     *
     * @param each is called with every deleted segment
     * @throws IllegalArgumentException if the record is within a batch
     * @throws EntryNotFoundException if there is no such record
     */
    public void truncateAfter(EntryRef last, Consumer<Deleted> each) throws IOException {
        pinned().tailCut.truncateAfter(last, each);
    }

    /** Whether a cut that begins at this position is recorded, and not completed. */
    public boolean isCutLeft(long from) {
        return lookAtListed(false, own -> {
            PendingCut.Cut left = own.pendingCut.left();
            return left != null && left.from() == from;
        });
    }

    // ---------------------------------------------------------------- erasing

    /** Receives what was erased, when it is gone from a file. */
    @FunctionalInterface
    public interface ErasedFrom {
        void erased(StreamKey key, Path file, RecordErasure.Erased what);
    }

    /**
     * Seals the segments that may hold records of a range of time, and waits for their final form. To be called without locks.
     *
     * @return where the last segment begins that may hold any of those that were appended before; for {@link #erase}
     */
    public long sealForErasure(TimeRange range) throws IOException {
        return mayHaveSegments && hasOwn() ? pinned().erasure.seal(range) : SegmentErasure.NOTHING;
    }

    /**
     * Makes padding of the records in a range of time, in sealed segments of its own; durably. To be called while nothing is packed, deleted or
     * copied.
     *
     * @param upTo where the last segment begins that may hold any: segments begun later stay as they are
     * @param each receives every file that was replaced
     * @param refused receives the damage of every segment that can't be read, and is left as it is
     * @return the newest segment up to there that isn't sealed, if there is any: it may still hold such records
     */
    public Optional<Path> erase(TimeRange range, long upTo, ErasedFrom each, Consumer<WalException> refused) throws IOException {
        return mayHaveSegments && hasOwn() ? pinned().erasure.erase(range, upTo, each, refused) : Optional.empty();
    }

    private boolean hasOwn() {
        return look(false, own -> true);
    }

    // ---------------------------------------------------------------- packing

    /** A sealed segment that another one follows: nothing of it changes any more. */
    public record Settled(SegmentName name, Window window, long bytes) {}

    /**
     * The oldest segments, in order of position, up to the first that isn't settled, whose window isn't over, or that is too large.
     *
     * @param maxBytes limit of one file
     */
    public List<Settled> oldestSettled(long nowMillis, long maxBytes) throws IOException {
        return look(List.of(), own -> own.ages.oldestSettled(nowMillis, maxBytes));
    }

    /** The footer of a settled segment, or what it said; empty if it has none, and none can be made for it. */
    public Optional<Footer> footerOf(SegmentName name, SegmentFile file, SegmentHeader header) throws IOException {
        return look(Optional.empty(), own -> own.chain.footerOf(name, file, header));
    }

    // ---------------------------------------------------------------- the whole

    /** Recovers the stream, unless that is done. To be called without locks. */
    public void recoverNow() {
        rotation.lock();
        try {
            recoverOwn();
        } finally {
            rotation.unlock();
        }
        log.sealer().helpIfBehind();
    }

    /** Waits for the final form of the sealed segments that were listed so far, as far as that is possible now. To be called without locks. */
    public void finishSealed() {
        Optional<ActiveSegment> last = lookAtListed(Optional.empty(), own -> Optional.ofNullable(own.chain.lastSealed()));
        last.ifPresent(log.sealer()::perform);
    }

    /** Whether recovery has found that something of its own segments was damaged or missing that was promised to survive. */
    public boolean wasDamaged() {
        return look(false, own -> own.chain.wasDamaged());
    }

    /** Where the oldest of the stream's own segments begins; {@link Long#MAX_VALUE} if there is none, as far as segments were listed. */
    public long oldestPosition() {
        return lookAtListed(Long.MAX_VALUE, own -> own.chain.segments.isEmpty() ? Long.MAX_VALUE : own.chain.segments.oldest().name().basePosition());
    }

    /** Where the newest of the stream's own segments begins; -1 if there is none. */
    public long newestPosition() throws IOException {
        return look(-1L, own -> own.chain.loaded().isEmpty() ? -1L : own.chain.loaded().newest().name().basePosition());
    }

    /** How many segments the stream has. */
    public int segmentCount() throws IOException {
        return look(0, own -> own.chain.loaded().size());
    }

    /** There may be segments, though they can't be listed now. */
    public void assumeSegments() {
        rotation.lock();
        try {
            hasSegments(true);
        } finally {
            rotation.unlock();
        }
    }

    /** Size of the segments' files. */
    public long bytes() throws IOException {
        return look(0L, own -> own.chain.loaded().bytes());
    }

    /** Size of the files of those segments that were listed so far and take no more records. */
    public long completeBytes() {
        return lookAtListed(0L, own -> own.chain.complete().stream().mapToLong(SegmentEntry::bytes).sum());
    }

    /** Whether the segment that begins there was sealed, or left by recovery as it is: nothing is appended to it any more, whatever its footer says. */
    public boolean isComplete(long basePosition) {
        return lookAtListed(false, own -> own.chain.isRecovered() && own.chain.segments.all().stream()
                .anyMatch(entry -> entry.name().basePosition() == basePosition && entry.unfinished() == null));
    }

    /** Tells of the segments that were listed so far, except the one that is appended to; within the lock for rotations. */
    void tellComplete(Consumer<SharedLog.Complete> told) {
        rotation.lock();
        try {
            OwnSegments known = owned;
            List<SegmentEntry> all = known == null ? List.of() : known.chain.complete();
            told.accept(new SharedLog.Complete(all.stream().mapToLong(SegmentEntry::bytes).max().orElse(0),
                    (int) all.stream().filter(entry -> entry.unfinished() != null).count()));
        } finally {
            rotation.unlock();
        }
    }

    /** What the segment that is appended to takes on the disk; 0 if there is none, or if it has its footer. */
    long activeBytes() {
        ActiveSegment segment = active();
        return segment == null ? 0 : segment.unfinishedBytes();
    }

    /** Size of the files of the segments that were listed so far. */
    long listedBytes() {
        return lookAtListed(0L, own -> own.chain.segments.bytes());
    }

    /** Copies the stream as it is now; finished segments by a hard link if the file system has such links. */
    public void copyTo(Path target) throws IOException {
        rotation.lock();
        try {
            log.checkOpen(key);
            if (!hasNoneOfItsOwn()) {
                owned().chain.recover();
                owned().chain.segments.copyTo(directory(), target);
            }
        } finally {
            rotation.unlock();
        }
    }

    /**
     * Whether there is a segment without records, for example after a failed append. Nothing forces it: a power loss may leave its name without its
     * header.
     */
    public boolean hasEmptySegment() {
        return isAnyUnfinished(ActiveSegment::isEmpty);
    }

    /** Releases everything, so that the stream can be opened again. False if a mapping has to stay until the process ends. */
    public boolean close() {
        return lookAtListed(true, own -> {
            own.spare.clear();
            boolean complete = true;
            for (ActiveSegment segment : own.chain.segments.unfinished()) {
                complete &= segment.close();
            }
            return complete;
        });
    }
}
