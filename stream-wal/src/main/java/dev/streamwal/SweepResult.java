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

    /** {@return how many segments were deleted} */
    public int deletedSegments() {
        return fields().deletedSegments();
    }

    /**
     * {@return how many segments should have been deleted, but whose deletion failed} The next sweep tries again; {@link WalListener#onFailure} and
     * {@link StreamWal#health()} give the reason.
     */
    public int failedSegments() {
        return fields().failedSegments();
    }

    /**
     * {@return how many segments the log has left, or, for {@link StreamWal#purge}, the streams in question, including those whose deletion failed} Of
     * the streams, segments in files of their own and in packs are counted, and shared segments are not.
     */
    public int liveSegments() {
        return fields().liveSegments();
    }

    /** {@return the size of the deleted segments, in bytes} */
    public long bytesReclaimed() {
        return fields().bytesReclaimed();
    }

    /**
     * {@return how many segments should have been deleted, but are kept for consumers that haven't committed them} See {@link
     * StreamOptions.Builder#retainFor}.
     */
    public int heldSegments() {
        return fields().heldSegments();
    }

    /** {@return the size of the segments kept for consumers, in bytes} */
    public long heldBytes() {
        return fields().heldBytes();
    }

    /**
     * {@return how many segments have expired by the log's clock, but are kept because the clock isn't believed} See {@link
     * WalOptions.Builder#maxClockAdvance}.
     */
    public int refusedSegments() {
        return fields().refusedSegments();
    }

    static SweepResult of(Sweeper.Result result) {
        return new SweepResult(new Fields(result.deleted(), result.failed(), result.live(), result.bytesReclaimed(), result.held(),
                result.heldBytes(), result.refused()));
    }
}
