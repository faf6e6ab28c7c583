package dev.streamwal.commit;

/** Commits what no thread waits for: asynchronous appends, and periodic flushes. Starts when it is first needed. */
final class CommitThread extends LazyThread {

    private final GroupCommitter committer;
    private final long intervalNanos;
    private volatile boolean idle;
    private volatile boolean timed;

    /** Used by the thread only: whether an interval has begun, and when it ends. */
    private boolean counting;

    private long nextFlush;

    CommitThread(GroupCommitter committer, long intervalNanos) {
        super("stream-wal-commit");
        this.committer = committer;
        this.intervalNanos = intervalNanos;
    }

    /** Called after a request was queued: either the thread, about to park, sees the request, or this call sees the thread idle. */
    void wake() {
        if (idle || !isStarted()) {
            idle = false;
            startOrUnpark();
        }
    }

    /** A stream needs the next periodic flush. */
    void startTimer() {
        if (!timed || !isStarted()) {
            timed = true;
            startOrUnpark();
        }
    }

    @Override
    void work() {
        try {
            commit();
            committer.tellSuccess("commit");
        } catch (RuntimeException | Error e) {
            committer.tellFailure("commit", e);
            restAfterFailure();
        }
    }

    private void commit() {
        committer.commitPending();
        if (timed && !counting) {
            nextFlush = System.nanoTime() + intervalNanos;
            counting = true;
        }
        if (counting && System.nanoTime() - nextFlush >= 0) {
            timed = false;
            counting = false;
            committer.flushInterval();
        } else {
            awaitWork();
        }
    }

    /** A thread that leads looks for work when it no longer does, and wakes this one if no other thread waits: it sees that this one is idle. */
    private void awaitWork() {
        idle = true;
        if ((!committer.hasWork() || committer.isLed()) && !isStopped()) {
            if (counting) {
                parkNanos(nextFlush - System.nanoTime());
            } else if (!timed) {
                park();
            }
        }
        idle = false;
    }
}
