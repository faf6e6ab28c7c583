package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import org.jspecify.annotations.Nullable;

/** How far a stream is durable. The leader owns all fields, except where a comment says otherwise. */
public final class CommitCursor {

    private final CommitStream stream;

    /** Stream position up to which everything is known to be durable. Written by the leader, read by all threads. */
    private volatile long durableEnd = -1;

    /** Segments that begin below this position are to be deleted: the journal says so, and contains nothing of them after that. */
    private volatile long condemnedBelow;

    /** Data at the positions [cutFrom, cutTo) is to be cut: the journal says so, as above. */
    private volatile long cutFrom = Long.MAX_VALUE;

    private volatile long cutTo;

    /** Whether records wait for the next periodic flush. Set by appending threads, cleared by the flushing one. */
    private volatile boolean flushWanted;

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
    @Nullable Exception problem;

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
     *
     * @return undoes it, if the deletion isn't recorded after all
     */
    Runnable condemn(Deletion deletion) {
        long belowBefore = condemnedBelow;
        long fromBefore = cutFrom;
        long toBefore = cutTo;
        if (deletion instanceof Deletion.Below below) {
            condemnedBelow = Math.max(condemnedBelow, below.position());
        } else if (deletion instanceof Deletion.Cut cut) {
            cutTo = cut.to();
            cutFrom = cut.from();
        }
        return () -> {
            condemnedBelow = belowBefore;
            cutFrom = fromBefore;
            cutTo = toBefore;
        };
    }

    /**
     * The position up to which a segment may be journalled. Data behind it is deleted: if the journal contained it after the deletion, and
     * the file with the deletion was reused first, a redo would bring it back.
     */
    long journalledEnd(SegmentHeader header) {
        long base = header.basePosition();
        if (base < condemnedBelow || (base >= cutFrom && base < cutTo)) {
            return base;
        }
        return base < cutFrom ? cutFrom : Long.MAX_VALUE;
    }

    boolean isFlushWanted() {
        return flushWanted;
    }

    void flushWanted(boolean wanted) {
        flushWanted = wanted;
    }
}
