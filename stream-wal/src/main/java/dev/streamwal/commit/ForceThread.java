package dev.streamwal.commit;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Forces segments for leaders, which meanwhile commit other streams. Starts when it is first needed.
 *
 * <p>Bounded: a stream has at most one force at a time, and only if a request waits for it.
 */
final class ForceThread extends LazyThread {

    private final GroupCommitter committer;
    private final SegmentForce force;
    private final Arrivals<PendingForce> asked = new Arrivals<>();
    private final Arrivals<PendingForce> done = new Arrivals<>();

    /** Taken from {@link #asked}; used by the thread only. */
    private final Chain<PendingForce> taken = new Chain<>();

    /** Forces requested and not in {@link #done} yet. */
    private final AtomicInteger underWay = new AtomicInteger();

    ForceThread(GroupCommitter committer, SegmentForce force) {
        super("stream-wal-force");
        this.committer = committer;
        this.force = force;
    }

    /**
     * Called by the leader.
     *
     * @return false if the process can start no thread: then nothing was asked for
     */
    boolean ask(PendingForce pending) {
        startOrUnpark();
        if (!isStarted()) {
            return false;
        }
        underWay.incrementAndGet();
        asked.add(pending);
        startOrUnpark();
        return true;
    }

    /** Called by the leader: takes the finished forces, each of which has the next one behind it; null if there are none. */
    @Nullable PendingForce takeDone() {
        return done.takeAll();
    }

    boolean hasDone() {
        return !done.isEmpty();
    }

    boolean isUnderWay() {
        return underWay.get() > 0;
    }

    @Override
    void work() {
        if (taken.isEmpty()) {
            taken.addAll(asked.takeAll());
        }
        PendingForce next = taken.poll();
        if (next == null) {
            park();
            return;
        }
        next.failure = failureOf(next);
        if (next.failure instanceof FlushFailedException failed) {
            // before any request is answered
            committer.fail(failed);
        }
        done.add(next);
        underWay.decrementAndGet();
        committer.commitPending();
    }

    private @Nullable Throwable failureOf(PendingForce pending) {
        try {
            if (pending.offset == PendingForce.BY_WHO_SEALS) {
                pending.segment.awaitSealing();
            } else {
                force.segment(pending.segment, pending.offset);
            }
            return null;
        } catch (IOException | RuntimeException | Error e) {
            return e;
        }
    }
}
