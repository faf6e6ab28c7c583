package dev.streamwal.append;

import dev.streamwal.commit.CommitTarget;
import dev.streamwal.format.StreamKey;
import dev.streamwal.shared.SharedBatch;
import dev.streamwal.shared.SharedSegment;
import dev.streamwal.shared.SlotLayout;
import dev.streamwal.retention.StreamPolicy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The log's own stream. Many streams append to it, and their records share its segments. Thread-safe. */
public final class SharedLog {

    /*
     * Why a stream's records are as safe in the shared stream as in segments of its own.
     *
     * The shared stream is a stream like any other: its segments are appended to, forced, journalled, recovered, cut and sealed in the same
     * way. So what is acknowledged as durable there survives, with everything appended before it, of whichever stream. What isn't durable is
     * lost from some record on, which takes from each stream its end and nothing else. A record contains its stream's key and its position
     * there, so nothing else has to survive for it to be found.
     *
     * A stream changes to segments of its own only when its records here are durable: otherwise a power loss could take these, and leave what
     * follows them. Making a stream durable covers its records here and those in segments of its own.
     *
     * A stream's records stand in the shared stream in the order of their positions: both positions are taken under the stream's lock, which
     * is held while the record is appended. So a thread that is stopped there stops its own stream, and no other.
     */

    /** A segment has room for at least so many of the largest records. */
    private static final int LARGEST_SHARE = 4;

    /**
     * The backlog of packing up to which no append is slowed down: while one full batch is packed, the next one gathers. Data packed together in
     * large amounts is packed and read faster, but readers walk through everything that waits. So does opening the log after a crash; if records are
     * small, it keeps as much in the heap as waits. So less may wait if the heap is small.
     */
    static final long UNHURRIED_BYTES = 2 * SharedBatch.MAX_BYTES;
    /** With every further so many bytes of backlog, an append's delay doubles. */
    private static final long DOUBLING_BYTES = SharedBatch.MAX_BYTES / 4;
    private static final int MAX_DOUBLINGS = 14;
    /** A second per GiB. */
    private static final long FIRST_NANOS_PER_KIB = 1_000;
    /** No append is delayed for longer, however large it is. */
    static final long MAX_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * Beyond the segment's size, a quarter of it is kept free for the packs' headers and tables, and {@link #KEPT_FOR_FILES_BYTES} for the list of
     * packs and the step by which a segment grows.
     */
    private static final int KEPT_FOR_TABLES_SHIFT = 2;
    private static final long KEPT_FOR_FILES_BYTES = (64 << 10) + SegmentSpace.STEP_BYTES;
    /** A footer takes less than this part of its segment, and what a file grows by at least: 4 KiB on most file systems, 8 KiB on some. */
    private static final int KEPT_FOR_FOOTER_SHIFT = 11;
    private static final long KEPT_FOR_FOOTER_BYTES = 8 << 10;

    private final StreamLog log;
    private final int ownStreams;
    /** Wakes the packing thread. */
    private final Runnable packing;
    private final boolean isPacked;
    /** What waits to be packed; 0 if nothing is packed in the background, or packing fails: then delays would be of no use. */
    private volatile long backlogBytes;
    private volatile boolean isFailing;
    /** Changes within the lock for rotations, so that no segment that has just become complete is left out. */
    private volatile Complete complete = Complete.NONE;
    private final AtomicInteger owning = new AtomicInteger();
    private final Map<StreamPolicy, byte[]> times = new ConcurrentHashMap<>();
    private final long capacityForRecords;
    /** What an earlier writer left; null if all of that is durable. */
    private volatile @Nullable CommitTarget inherited;

    /**
     * The shared stream of a log.
     *
     * @param log the shared stream
     * @param ownStreams limit of the streams with segments of their own
     * @param isPacked whether full segments are packed in the background
     * @param packing wakes the packing thread
     */
    public SharedLog(StreamLog log, int ownStreams, boolean isPacked, Runnable packing) {
        this.log = log;
        this.ownStreams = ownStreams;
        this.isPacked = isPacked;
        this.packing = packing;
        this.capacityForRecords = log.capacityForRecords();
    }

    /** A segment got its footer. */
    void filled() {
        look();
        packing.run();
    }

    /**
     * A packing pass has ended.
     *
     * @param isDone false if it failed
     */
    public void packed(boolean isDone) {
        isFailing = !isDone;
        look();
    }

    private synchronized void look() {
        backlogBytes = isPacked && !isFailing ? log.listedBytes() : 0;
        completed();
    }

    /** Nothing is appended to a segment of the shared stream any more. Called before the next one is appended to, and with its lock for rotations. */
    void completed() {
        log.tellComplete(now -> complete = now);
    }

    /**
     * The segments that nothing is appended to any more, and that aren't packed.
     *
     * @param largestBytes size of the largest; 0 if there is none
     * @param unsealed how many of them have no footer yet
     */
    record Complete(long largestBytes, int unsealed) {
        static final Complete NONE = new Complete(0, 0);
    }

    /*
     * Why a disk that shared segments fill gets room again.
     *
     * Shared segments are deleted when their content is in packs, and the packs are written before that. So as much as the largest shared segment
     * takes is left free, also while that segment is still appended to: no segment of any stream grows into that space, nor does the journal, and
     * packing takes no more segments at once than there is room for. So there is room to pack each of them, whichever comes first. A pack needs
     * little more than its segments: it has a header and tables, but they repeat the key with each record. A segment is counted from the moment at
     * which nothing is appended to it any more: its footer comes when the disk has flushed it, and the next one must not grow into its space meanwhile.
     * Nor may the footers take it, which is much where many are still to be written.
     *
     * This is only a rule of this log: it doesn't hold back what other programs write, and between asking and writing other segments may grow.
     */

    /** What has to be left free, in bytes; 0 if nothing is to be packed. */
    long keptBytes() {
        Complete now = complete;
        long largest = Math.max(now.largestBytes(), log.activeBytes());
        return largest == 0 ? 0 : largest + (largest >> KEPT_FOR_TABLES_SHIFT) + KEPT_FOR_FILES_BYTES
                + now.unsealed() * (KEPT_FOR_FOOTER_BYTES + (largest >> KEPT_FOR_FOOTER_SHIFT));
    }

    /** How long a thread that has appended so many bytes waits, so that packing keeps up. Grows smoothly. */
    long delayNanos(int bytes) {
        return delayNanos(backlogBytes, bytes);
    }

    static long delayNanos(long backlogBytes, int bytes) {
        long over = backlogBytes - UNHURRIED_BYTES;
        if (over <= 0) {
            return 0;
        }
        int doublings = (int) Math.min(MAX_DOUBLINGS, over / DOUBLING_BYTES);
        double within = Math.min(1, (over - doublings * DOUBLING_BYTES) / (double) DOUBLING_BYTES);
        double nanos = (FIRST_NANOS_PER_KIB << doublings) * (1 + within) * bytes / (1 << 10);
        return Math.min(MAX_DELAY_NANOS, (long) nanos);
    }

    /** The shared stream. */
    public StreamLog log() {
        return log;
    }

    /**
     * The present content is an earlier writer's. To be called once, before anything is appended.
     *
     * @param isDurable whether it is known to survive power loss
     */
    public void inherit(boolean isDurable) {
        long end = log.reservedEnd();
        inherited = end > 0 && !isDurable ? target(end) : null;
        look();
    }

    /** The target at which everything that an earlier writer left is durable; null if it is. */
    @Nullable CommitTarget inherited() {
        CommitTarget left = inherited;
        if (left != null && log.durablePosition() >= left.end()) {
            inherited = null;
        }
        return inherited;
    }

    /** Whether as many streams have segments of their own as may. */
    boolean isFull() {
        return owning.get() >= ownStreams;
    }

    /** Whether one more stream may have segments of its own; if so, it is counted. */
    boolean mayOwn() {
        for (int now = owning.get(); now < ownStreams; now = owning.get()) {
            if (owning.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Counts a stream that has segments of its own, regardless of the limit. */
    void owns() {
        owning.incrementAndGet();
    }

    /** A stream that was counted got no segment of its own. */
    void disowns() {
        owning.decrementAndGet();
    }

    /** What the slots of streams with these options begin with: see {@link SlotLayout#times}. */
    byte[] times(StreamPolicy policy) {
        return times.computeIfAbsent(policy, of -> SlotLayout.times(of.windowMillis(), of.retentionMillis()));
    }

    /** The largest record that goes to the shared stream; larger ones go to a segment of their own stream. */
    int maxBytes(StreamKey key) {
        return (int) Math.min(SharedSegment.MAX_PART_BYTES, (capacityForRecords - key.utf8Length()) / LARGEST_SHARE);
    }

    /** The target that covers everything appended up to a position of the shared stream. */
    CommitTarget target(long position) {
        return new CommitTarget(log.cursor(), position);
    }
}
