package dev.streamwal.append;

import dev.streamwal.commit.CommitTarget;
import dev.streamwal.error.WalException;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.shared.SlotLayout;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;

/**
 * Where a stream goes on that shares segments with others: see {@link SharedLog}. Thread-safe.
 *
 * <p>It is its own lock: of a hundred thousand streams none is in the processor's cache, and a lock beside it would be two more objects to wait for.
 */
@SuppressWarnings("serial") // nobody writes it anywhere
final class SharedTail extends AbstractQueuedSynchronizer {

    /** What an append finds where the stream doesn't share any more. */
    static final long LEFT = -4;

    private final StreamLog stream;
    private final SharedLog shared;
    private final byte[] beginning;
    private final int maxBytes;

    // What follows is guarded by the lock.

    /** Where the next record begins. */
    private long base;

    /** Where the data ends. */
    private volatile long end;

    private boolean isFirst;

    private long windowStart;

    /** Position of the shared stream behind the stream's last record; 0 where it has none that may not be durable. */
    private long sharedEnd;

    /** What was acknowledged as durable. */
    private long durableEnd;

    private boolean hasLeft;

    private boolean hasAppended;

    /**
     * Of a stream that goes on at a position.
     *
     * @param end where its data ends
     * @param isFirst whether it has had no segment
     * @param windowStart of its last window
     * @param before position of the shared stream up to which it may have something that isn't durable; else 0
     */
    SharedTail(StreamLog stream, SharedLog shared, long base, long end, boolean isFirst, long windowStart, long before) {
        this.stream = stream;
        this.shared = shared;
        this.beginning = SlotLayout.beginning(stream.key(), stream.policy().windowMillis(), stream.policy().retentionMillis());
        this.maxBytes = shared.maxBytes(stream.key());
        this.base = base;
        this.end = end;
        this.isFirst = isFirst;
        this.windowStart = windowStart;
        this.sharedEnd = before;
        this.durableEnd = before == 0 ? end : 0;
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

    /** Whether so many bytes may stand in a shared segment. */
    boolean takes(long bytes) {
        return bytes <= maxBytes;
    }

    /** As {@link StreamLog#append}; {@link #LEFT} where the stream doesn't share any more. */
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
            Draft slot = scratch.slot(beginning, draft, position, position - end, isFirst, windowsBehind(newStart, draft.timestampMillis()));
            sharedEnd = shared.log().appendSlot(scratch, slot, (int) slot.frameBytes(), nowMillis) + slot.frameBytes();
            appended(position, position + frameBytes, newStart);
            return position;
        } finally {
            scratch.forgetSlot();
            release(1);
        }
    }

    /** Under no lock, behind an append. */
    void letPackingKeepUp(AppendScratch scratch, int bytes) {
        long nanos = shared.delayNanos(bytes);
        if (nanos > 0) {
            scratch.owe(nanos);
        }
    }

    /** As {@link StreamLog#appendBatch}, of which it returns the batch record's position. */
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
            long before = end;
            for (Draft member : members) {
                slots.add(AppendScratch.newSlot(beginning, member, at, at - before, isFirst && slots.isEmpty(),
                        windowsBehind(newStart, member.timestampMillis())));
                at += member.frameBytes();
                before = at;
            }
            int slotBytes = (int) Draft.batchBytes(slots);
            sharedEnd = shared.log().appendSlots(scratch, slots, slotBytes, nowMillis) + slotBytes;
            appended(position, position + batchBytes, newStart);
            return position;
        } finally {
            release(1);
        }
    }

    /** What fails behind this may have left something in the file: its place is not given again. */
    private void reserve(long position, int bytes) {
        try {
            stream.log().positions().raiseCeiling(position + bytes);
        } catch (IOException e) {
            throw StorageErrors.translate("append", e, shared.log().directory(), stream.key().text(), WalException.NO_POSITION, 0);
        }
        base = position + bytes;
    }

    private void appended(long from, long to, long newStart) {
        assert base == to && from >= end;
        end = to;
        isFirst = false;
        hasAppended = true;
        windowStart = newStart;
    }

    /** Windows don't go backwards: see {@link Continuation#nextWindow}. */
    private long windowStart(long timestampMillis, long nowMillis) {
        KnownTime time = stream.log().time();
        boolean isMisdated = time.isAhead(windowStart, nowMillis) && !time.isBehind(nowMillis);
        return stream.policy().windowStart(isMisdated ? timestampMillis : Math.max(timestampMillis, windowStart));
    }

    private long windowsBehind(long start, long timestampMillis) {
        return (start - stream.policy().windowStart(timestampMillis)) / stream.policy().windowMillis();
    }

    /** Where the last record ends. */
    long endPosition() {
        return end;
    }

    /** What has to be durable for all that was appended so far to be. */
    CommitTarget target() {
        acquire(1);
        try {
            return shared.target(sharedEnd);
        } finally {
            release(1);
        }
    }

    /** Position of the shared stream behind the last record that was appended here; empty where there is none. */
    OptionalLong appendedEnd() {
        acquire(1);
        try {
            return hasAppended ? OptionalLong.of(sharedEnd) : OptionalLong.empty();
        } finally {
            release(1);
        }
    }

    /** Whether all that was appended survives power loss. */
    boolean isDurable() {
        return shared.log().durablePosition() >= target().end();
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
        long durable = shared.log().durablePosition();
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

    /** From now on nothing is appended here; the stream goes on as it says. */
    void leave(Continuation next) {
        acquire(1);
        try {
            hasLeft = true;
            next.afterSharing(end, base, windowStart);
        } finally {
            release(1);
        }
    }
}
