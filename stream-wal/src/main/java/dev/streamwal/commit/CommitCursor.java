package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/** How far a stream is durable. Its fields are the leader's, but for those that say otherwise. */
public final class CommitCursor {

    private final CommitStream stream;

    /** Stream position up to which everything is durable, as far as anybody asked. Written by the leader, read by all. */
    private volatile long durableEnd = -1;

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

    boolean isFlushWanted() {
        return flushWanted;
    }

    void flushWanted(boolean wanted) {
        flushWanted = wanted;
    }
}
