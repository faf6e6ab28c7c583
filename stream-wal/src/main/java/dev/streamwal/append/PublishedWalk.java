package dev.streamwal.append;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.TailBuilder;
import dev.streamwal.storage.SegmentMapping;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows the records of a segment as they are published, each once, and builds the footer's index on the way. Guarded by the segment's lock.
 */
final class PublishedWalk {

    private static final int SPINS_BEFORE_YIELD = 100;
    private static final int YIELDS_BEFORE_SLEEP = 100;
    private static final long SLEEP_NANOS = 50_000;
    /**
     * Least number of looks, most of them as far apart as a sleep, so that a pause of the whole process, for example for a garbage collection,
     * doesn't count.
     */
    private static final int MIN_LOOKS = 1_000;

    private final TailBuilder tail;
    private final long recordsBefore;
    private final int endBefore;

    PublishedWalk(RecoveredTail recovered) {
        this.tail = new TailBuilder(recovered);
        this.recordsBefore = recovered.index().records();
        this.endBefore = tail.end();
    }

    /** Up to this offset every record is published, and in the index. */
    int end() {
        return tail.end();
    }

    /** Where the last record starts that is not a batch's member; 0 if there is none. */
    int lastStart() {
        return tail.lastStart();
    }

    /** The index of the records up to {@link #end()}. */
    SegmentIndex index() {
        return tail.index();
    }

    /** Records since the segment was opened, up to {@link #end()}. */
    Appended appended() {
        return new Appended(index().records() - recordsBefore, end() - endBefore);
    }

    /** Adds what was written by position after {@link #end()}: one record, or a batch. */
    void add(List<Draft> drafts, int start) {
        boolean isBatch = drafts.size() > 1;
        int at = start;
        if (isBatch) {
            tail.add(start, RecordLayout.BATCH, 0, BatchLayout.FRAME_BYTES);
            at += BatchLayout.FRAME_BYTES;
        }
        for (Draft draft : drafts) {
            tail.add(at, isBatch ? RecordLayout.MEMBER : 0, draft.timestampMillis(), (int) draft.frameBytes());
            at = tail.end();
        }
    }

    /** Advances as far as records are published, without waiting. Does nothing without a mapping: then records are added as they are written. */
    void go(@Nullable SegmentMapping mapping, int to) {
        if (mapping == null) {
            return;
        }
        ByteBuffer buffer = mapping.buffer();
        int at = tail.end();
        while (at < to) {
            long commitWord = mapping.getAcquire(at);
            if (commitWord == 0) {
                break;
            }
            int frame = (int) RecordLayout.frameBytes(
                    RecordLayout.headerLength(commitWord), buffer.getInt(at + RecordLayout.CONTENT_LENGTH));
            tail.add(at, buffer.getInt(at + RecordLayout.FLAGS), buffer.getLong(at + RecordLayout.TIMESTAMP), frame);
            at += frame;
        }
    }

    /**
     * Advances to {@code to}, and waits for slots that are not published yet.
     *
     * @param hopeless whether a slot will never be published
     * @return false if it is hopeless, or takes longer than {@code maxWaitNanos}, both by the clock and by the number of looks, between which the
     *     slots' threads can run
     */
    boolean await(@Nullable SegmentMapping mapping, int to, long maxWaitNanos, BooleanSupplier hopeless) {
        go(mapping, to);
        if (end() == to || mapping == null) {
            return true;
        }
        long deadline = System.nanoTime() + maxWaitNanos;
        for (int waits = 0; end() < to; waits++) {
            if (waits < SPINS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else if (hopeless.getAsBoolean() || (waits > MIN_LOOKS && System.nanoTime() - deadline > 0)) {
                return false;
            } else if (waits < SPINS_BEFORE_YIELD + YIELDS_BEFORE_SLEEP) {
                Thread.yield(); // may yield to other threads for a whole time slice
            } else {
                LockSupport.parkNanos(SLEEP_NANOS);
            }
            go(mapping, to);
        }
        return true;
    }
}
