package dev.streamwal;

import dev.streamwal.engine.Sweeper;

/**
 * What a sweep or a purge did. Immutable.
 *
 * @since 1.0
 */
public final class SweepResult extends Snapshot<SweepResult.Fields> {

    record Fields(
            int deletedSegments, int failedSegments, int liveSegments, long bytesReclaimed, int heldSegments,
            long heldBytes, int refusedSegments) {}

    SweepResult(Fields fields) {
        super(fields);
    }

    /**
     * How many segments were deleted.
     *
     * @return their number
     */
    public int deletedSegments() {
        return fields().deletedSegments();
    }

    /**
     * How many should have been deleted, and are still there, since their deletion failed. The next sweep tries again; {@link
     * WalListener#onFailure} and {@link StreamWal#health()} say why.
     *
     * @return their number
     */
    public int failedSegments() {
        return fields().failedSegments();
    }

    /**
     * How many segments are left, those that failed among them.
     *
     * @return of the log; of the streams in question for {@link StreamWal#purge}
     */
    public int liveSegments() {
        return fields().liveSegments();
    }

    /**
     * How large the deleted segments were.
     *
     * @return bytes
     */
    public long bytesReclaimed() {
        return fields().bytesReclaimed();
    }

    /**
     * How many should have been deleted, and are kept for consumers that haven't committed them: see {@link
     * StreamOptions.Builder#retainFor}.
     *
     * @return their number
     */
    public int heldSegments() {
        return fields().heldSegments();
    }

    /**
     * How large the segments are that are kept for consumers.
     *
     * @return bytes
     */
    public long heldBytes() {
        return fields().heldBytes();
    }

    /**
     * How many have expired by the log's clock, and are kept, since the clock isn't believed: see {@link
     * WalOptions.Builder#maxClockAdvance}.
     *
     * @return their number
     */
    public int refusedSegments() {
        return fields().refusedSegments();
    }

    static SweepResult of(Sweeper.Result result) {
        return new SweepResult(new Fields(result.deleted(), result.failed(), result.live(), result.bytesReclaimed(), result.held(),
                result.heldBytes(), result.refused()));
    }
}
