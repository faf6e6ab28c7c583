package dev.streamwal;

import java.util.Optional;

/**
 * Receives background events. All methods do nothing unless they are overridden.
 *
 * <p>They are called from one thread of the log, one after the other, in the order in which things happened, a moment after they did. So
 * they may call the log, and close it. A listener that falls behind by 10,000 events is told how many it missed; {@link StreamWal#close()}
 * waits up to ten seconds for it to hear what is left.
 *
 * <p>A method that throws doesn't hurt the log: what it throws goes to {@link #onFailure} with the task
 * {@code "listener"}, and what that throws goes nowhere.
 *
 * @since 1.0
 */
public interface WalListener {

    /**
     * A segment is complete, forced to the disk, and has its footer.
     *
     * @param segment the segment
     */
    default void onSealed(SealedSegment segment) {}

    /**
     * Small segments of one window were packed: see {@link WalOptions.Builder#ownSegments}.
     *
     * @param packed where they are now
     */
    default void onPacked(PackedSegments packed) {}

    /**
     * Packs of one window have become one.
     *
     * @param merged which one
     */
    default void onMerged(MergedPacks merged) {}

    /**
     * A segment was deleted.
     *
     * @param segment the segment, and why
     */
    default void onSwept(DeletedSegment segment) {}

    /**
     * A sweep has not deleted what has expired by the log's clock, since the clock isn't believed: see {@link
     * WalOptions.Builder#maxClockAdvance}. Told once, until a sweep has believed the clock again.
     *
     * @param refused what it kept, and why
     */
    default void onSweepRefused(RefusedSweep refused) {}

    /**
     * A segment that an earlier writer had left unfinished was brought in order. Not called where there was nothing to do. The sums of all
     * segments and streams are in {@link StreamWal#recoveryReport()}.
     *
     * @param segment whose it is, what was found in it and what was done
     */
    default void onRecovered(RecoveryReport.StreamFindings segment) {}

    /**
     * Work in the background failed. The log goes on, and tries again where that can help. No caller gets this exception; {@link
     * StreamWal#health()} says whether it is over.
     *
     * @param task what failed, in a word or two: for example {@code "sweep"}, {@code "seal"}, {@code "prepare"}, {@code "pack"}, {@code "merge"}
     * @param key of the stream concerned; empty where it concerns the whole log
     * @param failure why
     */
    default void onFailure(String task, Optional<String> key, Throwable failure) {}
}
