package dev.streamwal.commit;

import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
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
    private final ConcurrentLinkedQueue<PendingForce> asked = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<PendingForce> done = new ConcurrentLinkedQueue<>();

    /** Forces requested and not in {@link #done} yet. */
    private final AtomicInteger underWay = new AtomicInteger();

    ForceThread(GroupCommitter committer, SegmentForce force) {
        super("stream-wal-force");
        this.committer = committer;
        this.force = force;
    }

    /** Called by the leader. */
    void ask(PendingForce pending) {
        underWay.incrementAndGet();
        asked.add(pending);
        startOrUnpark();
    }

    /** Called by the leader: takes a finished force, if there is any. */
    @Nullable PendingForce takeDone() {
        return done.poll();
    }

    boolean hasDone() {
        return !done.isEmpty();
    }

    boolean isUnderWay() {
        return underWay.get() > 0;
    }

    @Override
    void work() {
        PendingForce next = asked.poll();
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
        try {
            committer.commitPending();
        } catch (RuntimeException | Error e) {
            committer.tellFailure("commit", e);
        }
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
