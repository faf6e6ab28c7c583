package dev.streamwal.append;

import dev.streamwal.commit.CommitTarget;
import dev.streamwal.error.WalException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.measure.Stall;
import dev.streamwal.measure.StallCause;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;

/**
 * The end of a stream that shares segments with others, where its appends go: see {@link SharedLog}. Thread-safe.
 *
 * <p>The object is its own lock: of a hundred thousand streams none is in the processor's cache, and a separate lock would be two more
 * objects to load.
 */
@SuppressWarnings("serial") // never serialized
final class SharedTail extends AbstractQueuedSynchronizer {

    /** Returned to an append if the stream no longer shares. */
    static final long LEFT = -4;

    private final StreamLog stream;
    /** What its slots begin with; the same array for most streams. */
    private final byte[] times;

    // The following fields are guarded by the lock.

    /** Where the next record begins. */
    private long base;

    /** Where the last record ends; before the first, where it will begin. */
    private volatile long end;

    /** Where the data before the next record ended, even if that data is gone. */
    private long previousEnd;

    private boolean isFirst;

    private long windowStart;

    /** Position of the shared stream after the stream's last record; 0 if all its records are durable. */
    private long sharedEnd;

    /** What was acknowledged as durable. */
    private long durableEnd;

    private boolean hasLeft;

    private boolean hasAppended;

    /** Whether its stream is kept in memory. */
    private boolean isKept;

    /**
     * The tail of a stream that shares from now on.
     *
     * @param next where it continues
     * @param logStart the log's start
     * @param isFirst whether it has never had a segment
     * @param before position of the shared stream up to which it may have records that aren't durable; otherwise 0
     * @param isKept whether its stream is kept in memory; otherwise it is from the first record on
     */
    SharedTail(StreamLog stream, SharedLog shared, Continuation next, long logStart, boolean isFirst, long before, boolean isKept) {
        this.stream = stream;
        this.times = shared.times(stream.policy());
        this.base = next.nextBase(logStart);
        this.end = next.hasEnd() ? next.end() : base;
        this.previousEnd = next.previousEnd(base);
        this.isFirst = isFirst;
        this.windowStart = next.lastWindowStart();
        this.sharedEnd = before;
        this.durableEnd = before == 0 ? end : 0;
        this.isKept = isKept;
    }

    @Override
    protected boolean tryAcquire(int unused) {
        return compareAndSetState(0, 1);
    }

    @Override
    protected boolean tryRelease(int unused) {
        setState(0);
        return true;
    }

    private SharedLog shared() {
        return Objects.requireNonNull(stream.log().shared(), "the log has no shared stream");
    }

    /** Whether a record of this size may go to a shared segment. */
    boolean takes(long bytes) {
        return bytes <= shared().maxBytes(stream.key());
    }

    /** Like {@link StreamLog#append}; returns {@link #LEFT} if the stream no longer shares. */
    long append(AppendScratch scratch, Draft draft, int frameBytes, long nowMillis, long expectedEnd) {
        acquire(1);
        try {
            if (hasLeft) {
                return LEFT;
            }
            if (expectedEnd != StreamLog.ANY_END && end != expectedEnd) {
                return StreamLog.MISMATCH;
            }
            long position = base;
            reserve(position, frameBytes);
            long newStart = windowStart(draft.timestampMillis(), nowMillis);
            RecordSealer sealer = draft.sealer();
            Draft record = sealer == null ? draft : scratch.sealed(draft, sealer, position);
            Draft slot = scratch.slot(times, stream.key(), record, position, position - previousEnd, isFirst, windowsBehind(newStart, draft.timestampMillis()));
            sharedEnd = appendSlot(scratch, slot, position, nowMillis) + slot.frameBytes();
            appended(position, position + frameBytes, newStart);
            return position;
        } finally {
            scratch.forgetSlot();
            release(1);
        }
    }

    /** Called after an append, without locks. */
    void letPackingKeepUp(AppendScratch scratch, int bytes) {
        long nanos = shared().delayNanos(bytes);
        if (nanos > 0 && scratch.owes(nanos)) {
            Stall stall = new Stall();
            scratch.waitOff();
            stall.end(StallCause.PACKING, stream.key(), stream.log().events());
        }
    }

    /** Like {@link StreamLog#appendBatch}, but returns the batch record's position. */
    long appendBatch(AppendScratch scratch, List<Draft> members, int batchBytes, long newestTimestampMillis, long nowMillis) {
        acquire(1);
        try {
            if (hasLeft) {
                return LEFT;
            }
            long position = base;
            reserve(position, batchBytes);
            long newStart = windowStart(newestTimestampMillis, nowMillis);
            List<Draft> slots = new ArrayList<>(members.size());
            long at = position + Frames.LEAD_BYTES;
            long before = previousEnd;
            for (Draft member : members) {
                RecordSealer sealer = member.sealer();
                Draft record = sealer == null ? member : AppendScratch.newSealed(member, sealer, at);
                slots.add(AppendScratch.newSlot(times, stream.key(), record, at, at - before, isFirst && slots.isEmpty(),
                        windowsBehind(newStart, member.timestampMillis())));
                at += member.frameBytes();
                before = at;
            }
            int slotBytes = (int) Draft.batchBytes(slots);
            sharedEnd = appendSlots(scratch, slots, slotBytes, position + Frames.LEAD_BYTES, nowMillis) + slotBytes;
            appended(position, position + batchBytes, newStart);
            return position;
        } finally {
            release(1);
        }
    }

    private long appendSlot(AppendScratch scratch, Draft slot, long position, long nowMillis) {
        keepForNow(scratch);
        try {
            return shared().log().appendSlot(scratch, slot, (int) slot.frameBytes(), nowMillis);
        } catch (WalException e) {
            throw StorageErrors.concerning(e, stream.key().text(), position);
        } finally {
            keepIfPlaced(scratch);
        }
    }

    private long appendSlots(AppendScratch scratch, List<Draft> slots, int slotBytes, long position, long nowMillis) {
        keepForNow(scratch);
        try {
            return shared().log().appendSlots(scratch, slots, slotBytes, nowMillis);
        } catch (WalException e) {
            throw StorageErrors.concerning(e, stream.key().text(), position);
        } finally {
            keepIfPlaced(scratch);
        }
    }

    /**
     * Keeps the stream in memory from its first record on, even if that record failed: a part of it may be in the file, and only this object knows that
     * its position isn't given again. Before the record has a place, because there may be no memory to keep the stream. Called with the lock, so that a
     * thread that ends this tail, and decides anew whether the stream is kept, comes after this call.
     */
    private void keepForNow(AppendScratch scratch) {
        scratch.beginsWithoutPlace();
        if (!isKept) {
            stream.holdShared(true);
        }
    }

    /** A record without a place has left nothing in the file. Called with the lock, too. */
    private void keepIfPlaced(AppendScratch scratch) {
        if (isKept) {
            return;
        }
        if (scratch.hasPlace()) {
            isKept = true;
            stream.keepShared();
        } else {
            stream.holdShared(false);
        }
    }

    /** A failure after this may have left something in the file: the position is not given again. */
    private void reserve(long position, int bytes) {
        try {
            stream.log().positions().raiseCeiling(position + bytes);
        } catch (IOException e) {
            throw StorageErrors.translate("append", e, shared().log().directory(), stream.key().text(), WalException.NO_POSITION, 0);
        }
        base = position + bytes;
    }

    private void appended(long from, long to, long newStart) {
        assert base == to && from >= end;
        end = to;
        previousEnd = to;
        isFirst = false;
        hasAppended = true;
        windowStart = newStart;
    }

    private long windowStart(long timestampMillis, long nowMillis) {
        return stream.policy().windowStart(Continuation.windowTime(stream.log().time(), windowStart, timestampMillis, nowMillis));
    }

    private long windowsBehind(long start, long timestampMillis) {
        return (start - stream.policy().windowStart(timestampMillis)) / stream.policy().windowMillis();
    }

    /** As {@link StreamLog#endPosition()}. */
    long endPosition() {
        return end;
    }

    /**
     * As {@link #endPosition()}; and the next record begins a part of its own. Readers take a record that begins where the one before ends for the same
     * part, so a position is left out.
     */
    long endPart() {
        acquire(1);
        try {
            reserve(base, RecordLayout.ALIGNMENT);
            return end;
        } finally {
            release(1);
        }
    }

    /** The target at which everything appended so far is durable. */
    CommitTarget target() {
        acquire(1);
        try {
            return shared().target(sharedEnd);
        } finally {
            release(1);
        }
    }

    /** Position of the shared stream after the last record that was appended here; empty if there is none. */
    OptionalLong appendedEnd() {
        acquire(1);
        try {
            return hasAppended ? OptionalLong.of(sharedEnd) : OptionalLong.empty();
        } finally {
            release(1);
        }
    }

    /** Whether the window of the last record has expired; false if nothing was appended here. */
    boolean hasExpired(long nowMillis) {
        acquire(1);
        try {
            return hasAppended && stream.policy().expirationOf(stream.policy().windowOf(windowStart)) <= nowMillis;
        } finally {
            release(1);
        }
    }

    /** Whether the window of the last record has been over for as long as a window lasts; false if nothing was appended here. */
    boolean isIdle(long nowMillis) {
        acquire(1);
        try {
            long windowMillis = stream.policy().windowMillis();
            return hasAppended && stream.policy().windowOf(windowStart).endMillis() + windowMillis <= nowMillis;
        } finally {
            release(1);
        }
    }

    /** Whether everything that was appended survives power loss. */
    boolean isDurable() {
        return shared().log().durablePosition() >= target().end();
    }

    /** Everything before a position survives power loss. */
    void durable(long position) {
        acquire(1);
        try {
            durableEnd = Math.max(durableEnd, position);
        } finally {
            release(1);
        }
    }

    /** Everything before it survives power loss. */
    long durablePosition() {
        long durable = shared().log().durablePosition();
        acquire(1);
        try {
            if (durable >= sharedEnd) {
                durableEnd = end;
            }
            return durableEnd;
        } finally {
            release(1);
        }
    }

    /** Ends appends here if the stream ends at a position, and none behind it was given. Returns whether that is so. */
    boolean leaveAt(long expectedEnd) {
        acquire(1);
        try {
            if (end != expectedEnd || base != expectedEnd) {
                return false;
            }
            hasLeft = true;
            return true;
        } finally {
            release(1);
        }
    }

    /** Ends appends here; the stream continues where {@code next} says. */
    void leave(Continuation next) {
        acquire(1);
        try {
            hasLeft = true;
            next.afterSharing(previousEnd, base, windowStart);
        } finally {
            release(1);
        }
    }
}
