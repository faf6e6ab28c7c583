package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** How far a stream is durable. The leader owns all fields, except where a comment says otherwise. */
public final class CommitCursor extends Linked<CommitCursor> {

    private static final AtomicIntegerFieldUpdater<CommitCursor> FLUSH_WANTED =
            AtomicIntegerFieldUpdater.newUpdater(CommitCursor.class, "flushWanted");

    private static final AtomicIntegerFieldUpdater<CommitCursor> FLUSH_FAILED =
            AtomicIntegerFieldUpdater.newUpdater(CommitCursor.class, "flushFailed");

    private final CommitStream stream;

    /** Stream position up to which everything is known to be durable. Written by the leader, read by all threads. */
    private volatile long durableEnd = -1;

    /** Segments that begin below this position are to be deleted: the journal says so, and contains nothing of them after that. */
    private volatile long condemnedBelow;

    /** Data at the positions [cutFrom, cutTo) is to be cut: the journal says so, as above. */
    private volatile long cutFrom = Long.MAX_VALUE;

    private volatile long cutTo;

    /** 1 while records wait for the next periodic flush. Set by appending threads, cleared by the flushing one. */
    private volatile int flushWanted;

    /** 1 if the last periodic flush failed. */
    private volatile int flushFailed;

    /** Everything before this segment is durable. */
    @Nullable CommitSegment settled;

    /** The furthest position that was requested. */
    long wantedEnd;

    /** The position up to which the stream is durable once the current block is. */
    long gatheredEnd;

    /** The block for which this stream was last gathered. */
    long gatheredFor = -1;

    /** The running force of its segment. Nothing of the stream is gathered until it ends, since everything before durable data must be durable. */
    @Nullable PendingForce forcing;

    /** Why nothing more of it could be gathered for that block. */
    @Nullable Throwable problem;

    /** Where an unpublished slot was found, since when, and how often. */
    long stuckAt = -1;

    long stuckSince;
    int stuckLooks;

    public CommitCursor(CommitStream stream) {
        this.stream = stream;
    }

    CommitStream stream() {
        return stream;
    }

    public boolean isDurable(long end) {
        return durableEnd >= end;
    }

    void raiseDurableEnd(long end) {
        if (end > durableEnd) {
            durableEnd = end;
        }
    }

    /**
     * Called before a deletion is recorded. Since positions are never given twice, its effect stays valid.
     */
    void condemn(Deletion deletion) {
        if (deletion instanceof Deletion.Below below) {
            condemnedBelow = Math.max(condemnedBelow, below.position());
        } else if (deletion instanceof Deletion.Cut cut) {
            cutTo = cut.to();
            cutFrom = cut.from();
        }
    }

    /** Undoes the next {@link #condemn}, if the deletion isn't recorded after all. Made before, because there may be no memory for it afterwards. */
    Runnable undoOfCondemning() {
        long belowBefore = condemnedBelow;
        long fromBefore = cutFrom;
        long toBefore = cutTo;
        return () -> {
            condemnedBelow = belowBefore;
            cutFrom = fromBefore;
            cutTo = toBefore;
        };
    }

    /**
     * The position up to which a segment may be journalled. Data behind it is deleted: if the journal contained it after the deletion, and the file
     * with the deletion was reused first, a redo would bring the data back.
     */
    long journalledEnd(SegmentHeader header) {
        long base = header.basePosition();
        if (base < condemnedBelow || (base >= cutFrom && base < cutTo)) {
            return base;
        }
        return base < cutFrom ? cutFrom : Long.MAX_VALUE;
    }

    /** Returns whether no flush was wanted before. */
    boolean wantFlush() {
        return flushWanted == 0 && FLUSH_WANTED.compareAndSet(this, 0, 1);
    }

    /** The wanted flush begins: records that are appended from now on want the next one. */
    void flushBegins() {
        flushWanted = 0;
    }

    /** Returns whether that is new. */
    boolean flushFailed(boolean failed) {
        int now = failed ? 1 : 0;
        return flushFailed != now && FLUSH_FAILED.compareAndSet(this, 1 - now, now);
    }
}
