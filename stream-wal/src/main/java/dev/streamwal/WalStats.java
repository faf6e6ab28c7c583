package dev.streamwal;

import java.util.Optional;

/**
 * What a log is and has done, as far as it was known at one moment; while others append and sweep, the numbers may be
 * of slightly different moments. Immutable.
 *
 * @param streams that have a segment
 * @param segments of all streams, in files of their own and in packs
 * @param packs files with segments of many streams
 * @param bytes of their files, space prepared ahead included
 * @param sharedBytes of these, in segments that streams share: what is to be packed yet
 * @param packedBytes of these, in packs
 * @param mappedSegments that are mapped now
 * @param openFiles descriptors that segments hold now: those that are written by position, as long as they are appended to
 * @param appends records appended since the log was opened
 * @param appendedBytes of their frames, and of what stands between them in their segments
 * @param packWrittenBytes that were written to packs since the log was opened: what is packed, merged, or carried over by a sweep
 * @param flushes times that something was forced to the disk since the log was opened
 * @param sweepFailures deletions that failed since the log was opened
 * @param lastFailure of the log's background work, in words; empty where nothing has failed
 */
public record WalStats(
        int streams,
        int segments,
        int packs,
        long bytes,
        long sharedBytes,
        long packedBytes,
        int mappedSegments,
        int openFiles,
        long appends,
        long appendedBytes,
        long packWrittenBytes,
        long flushes,
        long sweepFailures,
        Optional<String> lastFailure) {

    /**
     * How many bytes were written for each that was appended, since the log was opened: 1 where nothing is packed. The journal of durable appends
     * comes on top of that.
     *
     * @return 1 where nothing was appended
     */
    public double writeAmplification() {
        return appendedBytes == 0 ? 1 : (double) (appendedBytes + packWrittenBytes) / appendedBytes;
    }
}
