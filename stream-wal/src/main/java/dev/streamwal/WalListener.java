package dev.streamwal;

import java.util.Optional;

/**
 * Receives background events. All methods do nothing unless they are overridden.
 *
 * <p>One thread of the log calls them, one after the other, in the order of events, a moment after each event. So they may call the log, and
 * close it. A listener that falls behind by 10,000 events, or by 100,000 deleted segments, is told how many it missed; {@link StreamWal#close()} waits up
 * to ten seconds for it to receive the rest.
 *
 * <p>A method that throws doesn't harm the log: the exception goes to {@link #onFailure} with the task {@code "listener"}; an exception of
 * {@code onFailure} itself is dropped.
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
     * A window's small segments, or shared segments, were packed: see {@link WalOptions.Builder#ownSegments}.
     *
     * @param packed where they are now
     */
    default void onPacked(PackedSegments packed) {}

    /**
     * Packs were merged into one: see {@link MergedPacks}.
     *
     * @param merged which one
     */
    default void onMerged(MergedPacks merged) {}

    /**
     * A pack was moved to the log's tier: see {@link WalOptions.Builder#tier}.
     *
     * @param moved which one, and where it is
     */
    default void onTiered(TieredPack moved) {}

    /**
     * A segment was deleted.
     *
     * @param segment the segment, and why
     */
    default void onSwept(DeletedSegment segment) {}

    /**
     * A sweep did not delete segments that have expired by the log's clock, because the clock isn't believed: see
     * {@link WalOptions.Builder#maxClockAdvance}. Called once, and again only after a sweep has believed the clock in between.
     *
     * @param refused what it kept, and why
     */
    default void onSweepRefused(RefusedSweep refused) {}

    /**
     * A segment that an earlier writer had left unfinished was recovered. Not called if there was nothing to repair. The sums of all segments
     * and streams are in {@link StreamWal#recoveryReport()}.
     *
     * @param segment its stream, what was found in it and what was done
     */
    default void onRecovered(RecoveryReport.StreamFindings segment) {}

    /**
     * Background work failed. The log continues, and tries again if that can help. No caller gets this exception; {@link StreamWal#health()} says
     * whether the failure is over.
     *
     * @param task what failed, as a short phrase: for example {@code "sweep"}, {@code "seal"}, {@code "tier"}, {@code "pack shared segments"}
     * @param key of the stream concerned; empty if the failure concerns the whole log
     * @param failure why; an exception of the file system is a {@link dev.streamwal.error.WalIOException}, as callers get it: a full disk is a {@link
     *     dev.streamwal.error.DiskFullException}
     */
    default void onFailure(String task, Optional<String> key, Throwable failure) {}
}
