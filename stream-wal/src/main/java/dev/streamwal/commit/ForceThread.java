package dev.streamwal.commit;

import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Forces segments for leaders, who go on with what others wait for. Starts when it is first needed.
 *
 * <p>Bounded: a stream has one force at a time, and only streams that somebody waits for have one.
 */
final class ForceThread extends LazyThread {

    private final GroupCommitter committer;
    private final SegmentForce force;
    private final ConcurrentLinkedQueue<PendingForce> asked = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<PendingForce> done = new ConcurrentLinkedQueue<>();

    /** Asked, and not in {@link #done} yet. */
    private final AtomicInteger underWay = new AtomicInteger();

    ForceThread(GroupCommitter committer, SegmentForce force) {
        super("stream-wal-force");
        this.committer = committer;
        this.force = force;
    }

    /** By the leader. */
    void ask(PendingForce pending) {
        underWay.incrementAndGet();
        asked.add(pending);
        startOrUnpark();
    }

    /** By the leader: one that is done, if there is any. */
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
            // before anybody is answered
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
                force.segment(pending.segment);
            }
            return null;
        } catch (IOException | RuntimeException | Error e) {
            return e;
        }
    }
}
