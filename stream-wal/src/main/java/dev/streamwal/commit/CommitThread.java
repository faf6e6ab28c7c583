package dev.streamwal.commit;

/** Commits what nobody waits for: asynchronous appends, and at intervals what asked for nothing more. Starts when it is first needed. */
final class CommitThread extends LazyThread {

    private final GroupCommitter committer;
    private final long intervalNanos;
    private volatile boolean idle;
    private volatile boolean timed;

    /** The thread's: whether an interval has begun, and when it ends. */
    private boolean counting;

    private long nextFlush;

    CommitThread(GroupCommitter committer, long intervalNanos) {
        super("stream-wal-commit");
        this.committer = committer;
        this.intervalNanos = intervalNanos;
    }

    /** There is something in the queue: added before this is called, so that a thread about to sleep sees it, or this sees it idle. */
    void wake() {
        if (idle || !isStarted()) {
            idle = false;
            startOrUnpark();
        }
    }

    /** A stream wants the next flush. */
    void startTimer() {
        if (!timed) {
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
            // without this thread asynchronous appends would wait for ever
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

    private void awaitWork() {
        idle = true;
        if (!committer.hasWork() && !isStopped()) {
            if (counting) {
                parkNanos(nextFlush - System.nanoTime());
            } else if (!timed) {
                park();
            }
        }
        idle = false;
    }
}
