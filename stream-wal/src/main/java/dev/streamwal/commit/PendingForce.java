package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/**
 * A force of one stream's segment that a leader has handed over, with the requests that wait for it. Created by the leader, carried out by
 * {@link ForceThread}, and owned by the leader again once it was {@link ForceThread#takeDone handed back}. {@link #waiting} is always the
 * leader's.
 */
final class PendingForce extends Linked<PendingForce> {

    /** In place of an offset: the sealing thread forces the segment, and is waited for. */
    static final int BY_WHO_SEALS = -1;

    final CommitCursor cursor;
    final CommitSegment segment;

    /** The offset up to which the segment was published before the force began. */
    final int offset;

    /** Requests that are neither answered nor examined before the force has ended. */
    final Chain<CommitRequest> waiting = new Chain<>();

    /** Null if the segment was forced. Written before it is handed back. */
    @Nullable Throwable failure;

    PendingForce(CommitCursor cursor, CommitSegment segment, int offset) {
        this.cursor = cursor;
        this.segment = segment;
        this.offset = offset;
    }
}
