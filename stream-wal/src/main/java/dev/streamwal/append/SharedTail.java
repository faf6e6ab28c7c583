package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.commit.CommitTarget;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.shared.SlotLayout;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** Where a stream goes on that shares segments with others: see {@link SharedLog}. Thread-safe. */
final class SharedTail {

    /** What an append finds where the stream doesn't share any more. */
    static final long LEFT = -4;

    private final LogContext log;
    private final SharedLog shared;
    private final StreamKey key;
    private final StreamPolicy policy;
    private final byte[] beginning;
    private final ReentrantLock lock = new ReentrantLock();

    /** Where the next record begins. */
    @GuardedBy("lock")
    private long base;

    /** Where the data ends. */
    private volatile long end;

    @GuardedBy("lock")
    private boolean isFirst;

    @GuardedBy("lock")
    private long windowStart;

    /** Position of the shared stream behind the stream's last record; 0 where it has none that may not be durable. */
    @GuardedBy("lock")
    private long sharedEnd;

    /** What was acknowledged as durable. */
    @GuardedBy("lock")
    private long durableEnd;

    @GuardedBy("lock")
    private boolean hasLeft;

    /**
     * Of a stream that goes on at a position.
     *
     * @param end where its data ends
     * @param isFirst whether it has had no segment
     * @param windowStart of its last window
     * @param before position of the shared stream up to which it may have something that isn't durable; else 0
     */
    SharedTail(LogContext log, SharedLog shared, StreamKey key, StreamPolicy policy, long base, long end, boolean isFirst, long windowStart,
            long before) {
        this.log = log;
        this.shared = shared;
        this.key = key;
        this.policy = policy;
        this.beginning = SlotLayout.beginning(key, policy.windowMillis(), policy.retentionMillis());
        this.base = base;
        this.end = end;
        this.isFirst = isFirst;
        this.windowStart = windowStart;
        this.sharedEnd = before;
        this.durableEnd = before == 0 ? end : 0;
    }

    /** As {@link StreamLog#append}; {@link #LEFT} where the stream doesn't share any more. */
    long append(AppendScratch scratch, Draft draft, int frameBytes, long nowMillis, long expectedEnd) {
        lock.lock();
        try {
            if (hasLeft) {
                return LEFT;
            }
            if (expectedEnd != StreamLog.ANY_END && end != expectedEnd) {
                return StreamLog.MISMATCH;
            }
            long position = base;
            reserve(position, frameBytes);
            Window window = windowOf(draft.timestampMillis(), nowMillis);
            Draft slot = scratch.slot(beginning, draft, position, position - end, isFirst, windowsBehind(window, draft.timestampMillis()));
            sharedEnd = shared.log().appendSlot(scratch, slot, (int) slot.frameBytes(), nowMillis) + slot.frameBytes();
            appended(position, position + frameBytes, window);
            return position;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link StreamLog#appendBatch}, of which it returns the batch record's position. */
    long appendBatch(AppendScratch scratch, List<Draft> members, int batchBytes, long newestTimestampMillis, long nowMillis) {
        lock.lock();
        try {
            if (hasLeft) {
                return LEFT;
            }
            long position = base;
            reserve(position, batchBytes);
            Window window = windowOf(newestTimestampMillis, nowMillis);
            List<Draft> slots = new ArrayList<>(members.size());
            long at = position + Frames.LEAD_BYTES;
            long before = end;
            for (Draft member : members) {
                slots.add(AppendScratch.newSlot(beginning, member, at, at - before, isFirst && slots.isEmpty(),
                        windowsBehind(window, member.timestampMillis())));
                at += member.frameBytes();
                before = at;
            }
            int slotBytes = (int) Draft.batchBytes(slots);
            sharedEnd = shared.log().appendSlots(scratch, slots, slotBytes, nowMillis) + slotBytes;
            appended(position, position + batchBytes, window);
            return position;
        } finally {
            lock.unlock();
        }
    }

    /** What fails behind this may have left something in the file: its place is not given again. */
    @GuardedBy("lock")
    private void reserve(long position, int bytes) {
        try {
            log.positions().raiseCeiling(position + bytes);
        } catch (IOException e) {
            throw StorageErrors.translate("append", e, shared.log().directory(), key.text(), WalException.NO_POSITION, 0);
        }
        base = position + bytes;
    }

    @GuardedBy("lock")
    private void appended(long from, long to, Window window) {
        assert base == to && from >= end;
        end = to;
        isFirst = false;
        windowStart = window.startMillis();
    }

    /** Windows don't go backwards: see {@link Continuation#nextWindow}. */
    @GuardedBy("lock")
    private Window windowOf(long timestampMillis, long nowMillis) {
        boolean isMisdated = log.time().isAhead(windowStart, nowMillis) && !log.time().isBehind(nowMillis);
        return policy.windowOf(isMisdated ? timestampMillis : Math.max(timestampMillis, windowStart));
    }

    private long windowsBehind(Window window, long timestampMillis) {
        return (window.startMillis() - policy.windowOf(timestampMillis).startMillis()) / policy.windowMillis();
    }

    /** Where the last record ends. */
    long endPosition() {
        return end;
    }

    /** What has to be durable for all that was appended so far to be. */
    CommitTarget target() {
        lock.lock();
        try {
            return shared.target(sharedEnd);
        } finally {
            lock.unlock();
        }
    }

    /** Whether all that was appended survives power loss. */
    boolean isDurable() {
        return shared.log().durablePosition() >= target().end();
    }

    /** Everything before a position survives power loss. */
    void durable(long position) {
        lock.lock();
        try {
            durableEnd = Math.max(durableEnd, position);
        } finally {
            lock.unlock();
        }
    }

    /** Everything before it survives power loss. */
    long durablePosition() {
        long durable = shared.log().durablePosition();
        lock.lock();
        try {
            if (durable >= sharedEnd) {
                durableEnd = end;
            }
            return durableEnd;
        } finally {
            lock.unlock();
        }
    }

    /** From now on nothing is appended here; the stream goes on as it says. */
    void leave(Continuation next) {
        lock.lock();
        try {
            hasLeft = true;
            next.afterSharing(end, base, windowStart);
        } finally {
            lock.unlock();
        }
    }
}
