package dev.streamwal;

/**
 * What a sweep did. Immutable.
 *
 * @param deletedSegments how many segments are gone
 * @param failedSegments how many should be gone and are still there, since their deletion failed; the next sweep tries
 *     again, and {@link WalListener#backgroundFailure} and {@link WalStats#lastFailure()} say why
 * @param liveSegments how many segments the log still has (for {@code purge}: the stream), those that failed among them
 * @param bytesReclaimed bytes of the deleted segments' files
 */
public record SweepResult(int deletedSegments, int failedSegments, int liveSegments, long bytesReclaimed) {}
