package dev.streamwal;

/**
 * Properties and counters of a log, as known at one moment. While other threads append and sweep, the numbers may be of slightly different
 * moments. Immutable.
 *
 * @since 1.0
 */
public final class WalStats extends Snapshot<WalStats.Fields> {

    record Fields(
            int streams, int segments, int sharedSegments, int packedSegments, int packs, int tieredPacks, long tieredBytes, long bytes, long sharedBytes,
            long packedBytes, int mappedSegments, int openFiles, long appends, long appendedBytes, long packWrittenBytes, long directBytes, long flushes,
            long sweepFailures, boolean keysLocked) {}

    WalStats(Fields fields) {
        super(fields);
    }

    /**
     * How many streams the log has in memory: those with segments of their own, and those that were appended to since the log was opened. Sweeps let
     * go of a stream of which all records have expired; and, if more than 100,000 streams are in memory, of one that is idle and in packs. A stream
     * that an earlier writer left in packs or shared segments isn't among them before it is appended to; {@link StreamWal#keys()} has every stream
     * with a segment.
     *
     * @return their number
     */
    public int streams() {
        return fields().streams();
    }

    /**
     * How many segments the streams have, in files of their own and in packs. A segment that streams share counts once until it is packed, and then
     * as one segment of each of these streams.
     *
     * @return their number
     */
    public int segments() {
        return fields().segments();
    }

    /**
     * How many of {@link #segments} are shared by streams, and not packed yet.
     *
     * @return their number
     */
    public int sharedSegments() {
        return fields().sharedSegments();
    }

    /**
     * How many of {@link #segments} are in packs.
     *
     * @return their number
     */
    public int packedSegments() {
        return fields().packedSegments();
    }

    /**
     * How many packs there are: files with segments of many streams.
     *
     * @return their number
     */
    public int packs() {
        return fields().packs();
    }

    /**
     * How many of {@link #packs} are in the log's tier: see {@link WalOptions.Builder#tier}.
     *
     * @return their number
     */
    public int tieredPacks() {
        return fields().tieredPacks();
    }

    /**
     * Size of the packs in the log's tier. It isn't part of {@link #bytes}.
     *
     * @return bytes
     */
    public long tieredBytes() {
        return fields().tieredBytes();
    }

    /**
     * Size of the log's segments and packs, including space prepared ahead. Small files, such as those of consumers, are not included, nor is the
     * commit journal, whose size is {@link WalActivity#journalBytes()}.
     *
     * @return bytes
     */
    public long bytes() {
        return fields().bytes();
    }

    /**
     * How much of {@link #bytes} is in segments that streams share, and not packed yet.
     *
     * @return bytes
     */
    public long sharedBytes() {
        return fields().sharedBytes();
    }

    /**
     * How much of {@link #bytes} is in packs.
     *
     * @return bytes
     */
    public long packedBytes() {
        return fields().packedBytes();
    }

    /**
     * How many segments are mapped now.
     *
     * @return their number
     */
    public int mappedSegments() {
        return fields().mappedSegments();
    }

    /**
     * How many descriptors segments hold now: segments written without a mapping hold one while they are appended to.
     *
     * @return their number
     */
    public int openFiles() {
        return fields().openFiles();
    }

    /**
     * How many records were appended since the log was opened.
     *
     * @return their number
     */
    public long appends() {
        return fields().appends();
    }

    /**
     * Size of these records' frames, including the bytes between them in their segments.
     *
     * @return bytes
     */
    public long appendedBytes() {
        return fields().appendedBytes();
    }

    /**
     * How many bytes were written to packs since the log was opened: packed, merged, or carried over by a sweep.
     *
     * @return bytes
     */
    public long packWrittenBytes() {
        return fields().packWrittenBytes();
    }

    /**
     * How many bytes of packs were written without the page cache since the log was opened, including packs that were not kept. It stays 0 without
     * {@link WalOptions.Builder#directPacks}, and on file systems that can't do that.
     *
     * @return bytes
     */
    public long directBytes() {
        return fields().directBytes();
    }

    /**
     * How often something was forced to the disk since the log was opened.
     *
     * @return their number
     */
    public long flushes() {
        return fields().flushes();
    }

    /**
     * How often a part of a sweep failed since the log was opened: a deletion, or something that has to be read for it.
     *
     * @return their number
     */
    public long sweepFailures() {
        return fields().sweepFailures();
    }

    /**
     * Whether the log's master keys are {@link dev.streamwal.keys.MasterKeys#isLocked locked} in memory.
     *
     * @return false in a log without encryption, too
     */
    public boolean keysLocked() {
        return fields().keysLocked();
    }

    /**
     * How many bytes were written for each byte appended, since the log was opened. The journal of durable appends is not included.
     *
     * @return 1 if nothing was appended, or nothing was packed
     */
    public double writeAmplification() {
        return appendedBytes() == 0 ? 1 : (double) (appendedBytes() + packWrittenBytes()) / appendedBytes();
    }
}
