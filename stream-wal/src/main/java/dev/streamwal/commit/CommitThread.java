package dev.streamwal.commit;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Commits what nobody waits for: asynchronous appends, and at intervals what asked for nothing more. Starts when it is first needed. */
final class CommitThread {

    private final GroupCommitter committer;
    private final long intervalNanos;
    private volatile @Nullable Thread thread;
    private volatile boolean idle;
    private volatile boolean stopped;
    private volatile boolean timed;

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
        long nextFlush = System.nanoTime() + intervalNanos;
        boolean counting = false;
        while (!stopped) {
            committer.commitPending();
            if (timed && !counting) {
                nextFlush = System.nanoTime() + intervalNanos;
                counting = true;
            }
            if (counting && System.nanoTime() - nextFlush >= 0) {
                timed = false;
                counting = false;
                committer.flushInterval();
                continue;
            }
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
