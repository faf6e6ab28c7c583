package dev.streamwal.commit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A force of one stream's segment that a leader has handed over, and who waits for it. Made by the leader, carried out by {@link ForceThread},
 * and from when that has {@link ForceThread#takeDone handed it back} the leader's again; {@link #waiting} is the leader's all the time.
 */
final class PendingForce {

    /** In place of an offset: somebody else forces the segment, and is waited for. */
    static final int BY_WHO_SEALS = -1;

    final CommitCursor cursor;
    final CommitSegment segment;

    /** Up to where the segment was published before the force began. */
    final int offset;

    /** Requests that are neither answered nor looked at before it is done. */
    final List<CommitRequest> waiting = new ArrayList<>();

    /** Null where it was forced. Written before it is handed back. */
    @Nullable Throwable failure;

    PendingForce(CommitCursor cursor, CommitSegment segment, int offset) {
        this.cursor = cursor;
        this.segment = segment;
        this.offset = offset;
    }
}
