package dev.streamwal;

import dev.streamwal.engine.Sweeper;

/**
 * What a sweep did. Immutable.
 *
 * @param deletedSegments how many segments are gone
 * @param failedSegments how many should be gone and are still there, since their deletion failed; the next sweep tries
 *     again, and {@link WalListener#onFailure} and {@link WalStats#lastFailure()} say why
 * @param liveSegments how many segments the log still has (for {@code purge}: the stream), those that failed among them
 * @param bytesReclaimed bytes of the deleted segments' files
 * @param heldSegments how many should have been deleted, and are kept for consumers that haven't committed them: see
 *     {@link StreamOptions.Builder#retainFor}
 * @param heldBytes of their files
 * @param refusedSegments how many have expired by the log's clock and are kept, since the clock isn't believed: see
 *     {@link WalOptions.Builder#maxClockAdvance}
 */
public record SweepResult(
        int deletedSegments, int failedSegments, int liveSegments, long bytesReclaimed, int heldSegments, long heldBytes,
        int refusedSegments) {

    static SweepResult of(Sweeper.Result result) {
        return new SweepResult(result.deleted(), result.failed(), result.live(), result.bytesReclaimed(), result.held(), result.heldBytes(),
                result.refused());
    }

    /**
     * Of a sweep that believed the clock.
     *
     * @param deletedSegments as above
     * @param failedSegments as above
     * @param liveSegments as above
     * @param bytesReclaimed as above
     * @param heldSegments as above
     * @param heldBytes as above
     */
    public SweepResult(int deletedSegments, int failedSegments, int liveSegments, long bytesReclaimed, int heldSegments, long heldBytes) {
        this(deletedSegments, failedSegments, liveSegments, bytesReclaimed, heldSegments, heldBytes, 0);
    }

    /**
     * Of a sweep that held nothing for consumers.
     *
     * @param deletedSegments as above
     * @param failedSegments as above
     * @param liveSegments as above
     * @param bytesReclaimed as above
     */
    public SweepResult(int deletedSegments, int failedSegments, int liveSegments, long bytesReclaimed) {
        this(deletedSegments, failedSegments, liveSegments, bytesReclaimed, 0, 0);
    }
}
