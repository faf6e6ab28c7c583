package dev.streamwal;

import dev.streamwal.sweep.Sweeper;

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
     * How many segments should have been deleted, but whose deletion failed. The next sweep tries again; {@link WalListener#onFailure} and
     * {@link StreamWal#health()} give the reason.
     *
     * @return their number
     */
    public int failedSegments() {
        return fields().failedSegments();
    }

    /**
     * How many segments are left, including those whose deletion failed.
     *
     * @return the number for the log, or, for {@link StreamWal#purge}, for the streams in question
     */
    public int liveSegments() {
        return fields().liveSegments();
    }

    /**
     * Size of the deleted segments.
     *
     * @return bytes
     */
    public long bytesReclaimed() {
        return fields().bytesReclaimed();
    }

    /**
     * How many segments should have been deleted, but are kept for consumers that haven't committed them: see {@link
     * StreamOptions.Builder#retainFor}.
     *
     * @return their number
     */
    public int heldSegments() {
        return fields().heldSegments();
    }

    /**
     * Size of the segments kept for consumers.
     *
     * @return bytes
     */
    public long heldBytes() {
        return fields().heldBytes();
    }

    /**
     * How many segments have expired by the log's clock, but are kept because the clock isn't believed: see
     * {@link WalOptions.Builder#maxClockAdvance}.
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
