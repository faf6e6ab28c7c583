package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import org.jspecify.annotations.Nullable;

/** How far a stream is durable. Its fields are the leader's, but for those that say otherwise. */
public final class CommitCursor {

    private final CommitStream stream;

    /** Stream position up to which everything is durable, as far as anybody asked. Written by the leader, read by all. */
    private volatile long durableEnd = -1;

    /** Segments that begin below this are to be deleted: the journal says so, and says nothing of them any more. */
    private volatile long condemnedBelow;

    /** What stands at the positions [cutFrom, cutTo) is to be cut: as above. */
    private volatile long cutFrom = Long.MAX_VALUE;

    private volatile long cutTo;

    /** Somebody's records wait for the next flush of the interval. Set by appenders, cleared by whoever flushes. */
    private volatile boolean flushWanted;

    /** Before this segment all of the stream is durable. */
    @Nullable CommitSegment settled;

    /** The furthest that anybody asked for. */
    long wantedEnd;

    /** Up to where the stream will be durable when the block that is being gathered is. */
    long gatheredEnd;

    /** The block that this stream was last gathered for. */
    long gatheredFor = -1;

    /** Its segment is being forced: nothing of the stream is gathered until that is done, since what is durable has all before it. */
    @Nullable PendingForce forcing;

    /** Why nothing more of it could be gathered for that block. */
    @Nullable Exception problem;

    /** Where a slot was found unpublished, since when, and how often. */
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
     * A deletion is about to be written down. Positions are never given twice, so this stays true once it is.
     *
     * @return takes it back, where it isn't written down after all
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
     * Up to where a segment may be journalled. What stands behind is as good as gone: if the journal spoke of it behind the deletion, and
     * the deletion's file was used again first, a redo would bring it back.
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
