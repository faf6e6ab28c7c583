package dev.streamwal.commit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Commits what nobody waits for: asynchronous appends, and at intervals what asked for nothing more. Starts when it is first needed. */
final class CommitThread {

    private static final long AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final GroupCommitter committer;
    private final long intervalNanos;
    private volatile @Nullable Thread thread;
    private volatile boolean idle;
    private volatile boolean stopped;
    private volatile boolean timed;

    /** The thread's: whether an interval has begun, and when it ends. */
    private boolean counting;

    private long nextFlush;

    CommitThread(GroupCommitter committer, long intervalNanos) {
        this.committer = committer;
        this.intervalNanos = intervalNanos;
    }

    /** There is something in the queue: added before this is called, so that a thread about to sleep sees it, or this sees it idle. */
    void wake() {
        Thread running = thread;
        if (running == null) {
            start();
        } else if (idle) {
            idle = false;
            LockSupport.unpark(running);
        }
    }

    /** A stream wants the next flush. */
    void startTimer() {
        if (!timed) {
            timed = true;
            Thread running = thread;
            if (running == null) {
                start();
            } else {
                LockSupport.unpark(running);
            }
        }
    }

    private synchronized void start() {
        if (thread == null && !stopped) {
            Thread created = new Thread(this::run, "stream-wal-commit");
            created.setDaemon(true);
            thread = created;
            created.start();
        }
    }

    private void run() {
        while (!stopped) {
            try {
                work();
            } catch (RuntimeException | Error e) {
                // without this thread asynchronous appends would wait for ever
                committer.tellFailure("commit", e);
                LockSupport.parkNanos(this, AFTER_FAILURE_NANOS);
            }
        }
    }

    private void work() {
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
        if (!committer.hasWork() && !stopped) {
            if (counting) {
                LockSupport.parkNanos(this, Math.max(1, nextFlush - System.nanoTime()));
            } else if (!timed) {
                LockSupport.park(this);
            }
            // nobody else knows this thread: an interrupt means nothing
            boolean unused = Thread.interrupted();
        }
        idle = false;
    }

    /** Ends the thread, after the round it is in. */
    void end() {
        Thread running;
        synchronized (this) {
            stopped = true;
            running = thread;
        }
        ThreadEnd.await(running);
    }
}
