package dev.streamwal.append;

import dev.streamwal.commit.CommitTarget;
import dev.streamwal.format.StreamKey;
import dev.streamwal.shared.SharedSegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The log's own stream, in whose segments the records of many streams stand, and which streams append to it. Thread-safe. */
public final class SharedLog {

    /*
     * Why a stream's records are as safe in the shared stream as in segments of its own.
     *
     * The shared stream is a stream like any other: its segments are appended to, forced, journalled, recovered, cut and sealed in the same
     * way. So what is acknowledged as durable there survives, with all that was appended to it before, whoever's it is; what isn't is lost from
     * some record on, and that takes from each stream its end and nothing else. A record says whose it is and where in its stream it
     * stands, so nothing else has to survive for it to be found.
     *
     * A stream that goes on in segments of its own does so when what it has here is durable: else a loss of power would take that, and leave
     * what stands behind it. What is to be durable of a stream is what it has here, and in segments of its own.
     *
     * A stream's records stand in the shared stream in the order of their positions: both are taken under the stream's lock. It is held while
     * the record is appended, so a thread that is stopped there stops its stream, and no other.
     */

    /** A segment has room for so many of the largest records at least. */
    private static final int LARGEST_SHARE = 4;

    /**
     * So much waits to be packed before anybody is slowed down: eight full segments. What is packed together with much else is read faster, but
     * whoever reads the log walks through all that waits.
     */
    static final long UNHURRIED_BYTES = 512L << 20;
    /** With each so many bytes more an append takes twice as long. */
    private static final long DOUBLING_BYTES = 64L << 20;
    private static final int MAX_DOUBLINGS = 14;
    /** A second for a GiB. */
    private static final long FIRST_NANOS_PER_KIB = 1_000;
    /** No append is held up for longer, however large it is. */
    private static final long MAX_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final StreamLog log;
    private final int ownStreams;
    /** Woken where there is something to be packed. */
    private final Runnable packing;
    private final boolean isPacked;
    /** What waits to be packed; 0 where nobody packs, or packing fails: then waiting would help nobody. */
    private volatile long backlogBytes;
    private volatile boolean isFailing;
    private final AtomicInteger owning = new AtomicInteger();
    /** What an earlier writer has left; null where all of that is durable. */
    private volatile @Nullable CommitTarget inherited;

    /**
     * Of a log.
     *
     * @param log the shared stream
     * @param ownStreams so many streams may have segments of their own
     * @param isPacked whether what fills up is packed without being asked for
     * @param packing has that done
     */
    public SharedLog(StreamLog log, int ownStreams, boolean isPacked, Runnable packing) {
        this.log = log;
        this.ownStreams = ownStreams;
        this.isPacked = isPacked;
        this.packing = packing;
    }

    /** A segment has its footer. */
    void filled() {
        look();
        packing.run();
    }

    /**
     * Somebody has packed.
     *
     * @param isDone false where that failed
     */
    public void packed(boolean isDone) {
        isFailing = !isDone;
        look();
    }

    private void look() {
        backlogBytes = isPacked && !isFailing ? log.listedBytes() : 0;
    }

    /** How long whoever has appended so many bytes waits, so that packing keeps up. Grows smoothly. */
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

    /** What stands there now is an earlier writer's, who may not have made it durable. To be called once, before anything is appended. */
    public void inherit() {
        long end = log.reservedEnd();
        inherited = end > 0 ? target(end) : null;
    }

    /** What has to be durable for all that an earlier writer has left to be; null where it is. */
    @Nullable CommitTarget inherited() {
        CommitTarget left = inherited;
        if (left != null && log.durablePosition() >= left.end()) {
            inherited = null;
        }
        return inherited;
    }

    /** Whether one more stream may have segments of its own; it is counted, then. */
    boolean mayOwn() {
        for (int now = owning.get(); now < ownStreams; now = owning.get()) {
            if (owning.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /** A stream has segments of its own, whatever others have. */
    void owns() {
        owning.incrementAndGet();
    }

    /** What is larger stands in a segment of its own stream. */
    int maxBytes(StreamKey key) {
        return (int) Math.min(SharedSegment.MAX_PART_BYTES, (log.capacityForRecords() - key.utf8Length()) / LARGEST_SHARE);
    }

    /** Everything that was appended up to a position of the shared stream. */
    CommitTarget target(long position) {
        return new CommitTarget(log.cursor(), position);
    }
}
