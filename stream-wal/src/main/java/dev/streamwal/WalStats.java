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
     * {@return how many segments the streams have, in files of their own and in packs} A segment that streams share counts once until it is packed,
     * and then as one segment of each of these streams.
     */
    public int segments() {
        return fields().segments();
    }

    /** {@return how many of {@link #segments} are shared by streams, and not packed yet} */
    public int sharedSegments() {
        return fields().sharedSegments();
    }

    /** {@return how many of {@link #segments} are in packs} */
    public int packedSegments() {
        return fields().packedSegments();
    }

    /** {@return how many packs there are: files with segments of many streams} */
    public int packs() {
        return fields().packs();
    }

    /** {@return how many of {@link #packs} are in the log's tier} See {@link WalOptions.Builder#tier}. */
    public int tieredPacks() {
        return fields().tieredPacks();
    }

    /** {@return the size of the packs in the log's tier, in bytes} It isn't part of {@link #bytes}. */
    public long tieredBytes() {
        return fields().tieredBytes();
    }

    /**
     * {@return the size of the log's segments and packs, including space prepared ahead, in bytes} Small files, such as those of consumers, are not
     * included, nor is the commit journal, whose size is {@link WalActivity#journalBytes()}.
     */
    public long bytes() {
        return fields().bytes();
    }

    /** {@return how much of {@link #bytes} is in segments that streams share, and not packed yet} */
    public long sharedBytes() {
        return fields().sharedBytes();
    }

    /** {@return how much of {@link #bytes} is in packs} */
    public long packedBytes() {
        return fields().packedBytes();
    }

    /** {@return how many segments are mapped now} */
    public int mappedSegments() {
        return fields().mappedSegments();
    }

    /** {@return how many descriptors segments hold now} Segments written without a mapping hold one while they are appended to. */
    public int openFiles() {
        return fields().openFiles();
    }

    /** {@return how many records were appended since the log was opened} */
    public long appends() {
        return fields().appends();
    }

    /** {@return the size of these records' frames, including the bytes between them in their segments, in bytes} */
    public long appendedBytes() {
        return fields().appendedBytes();
    }

    /** {@return how many bytes were written to packs since the log was opened: packed, merged, or carried over by a sweep} */
    public long packWrittenBytes() {
        return fields().packWrittenBytes();
    }

    /**
     * {@return how many bytes of packs were written without the page cache since the log was opened, including packs that were not kept} It stays 0
     * without {@link WalOptions.Builder#directPacks}, and on file systems that can't do that.
     */
    public long directBytes() {
        return fields().directBytes();
    }

    /** {@return how often something was forced to the disk since the log was opened} */
    public long flushes() {
        return fields().flushes();
    }

    /** {@return how often a part of a sweep failed since the log was opened: a deletion, or something that has to be read for it} */
    public long sweepFailures() {
        return fields().sweepFailures();
    }

    /** {@return whether the log's master keys are {@link dev.streamwal.keys.MasterKeys#isLocked locked} in memory; false in a log without encryption, too} */
    public boolean keysLocked() {
        return fields().keysLocked();
    }

    /**
     * {@return how many bytes were written for each byte appended, since the log was opened; 1 if nothing was appended, or nothing was packed} The
     * journal of durable appends is not included.
     */
    public double writeAmplification() {
        return appendedBytes() == 0 ? 1 : (double) (appendedBytes() + packWrittenBytes()) / appendedBytes();
    }
}
