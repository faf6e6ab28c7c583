package dev.streamwal.commit;

import dev.streamwal.io.LastingLoop;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A daemon thread that starts when it is first woken, and parks while it has nothing to do. */
abstract class LazyThread {

    private final String name;
    private volatile @Nullable Thread thread;
    private volatile boolean stopped;

    LazyThread(String name) {
        this.name = name;
    }

    /** One turn; parks if there is nothing to do. Called again until the thread has to end. */
    abstract void work();

    final boolean isCurrent() {
        return Thread.currentThread().equals(thread);
    }

    final boolean isStarted() {
        return thread != null;
    }

    final boolean isStopped() {
        return stopped;
    }

    /**
     * Starts the thread, or ends its current or next park. If the process can start no thread, {@link #isStarted} is false, and the next call tries
     * again.
     */
    final void startOrUnpark() {
        Thread running = thread;
        // unparked also if another caller has just started it: it may have looked for work before this caller's came
        LockSupport.unpark(running == null ? start() : running);
    }

    private synchronized @Nullable Thread start() {
        if (thread == null && !stopped) {
            try {
                Thread created = new Thread(() -> LastingLoop.run(this::isStopped, this::work), name);
                created.setDaemon(true);
                created.start();
                thread = created;
            } catch (OutOfMemoryError e) {
                // of the heap, or of threads
            }
        }
        return thread;
    }

    /** Called by the thread. No other code knows the thread, so an interrupt means nothing. */
    final void park() {
        LockSupport.park(this);
        boolean unused = Thread.interrupted();
    }

    /** Called by the thread; like {@link #park}, but for this time at most. */
    final void parkNanos(long nanos) {
        LockSupport.parkNanos(this, Math.max(1, nanos));
        boolean unused = Thread.interrupted();
    }

    /** Called by the thread after a failed turn. */
    final void restAfterFailure() {
        parkNanos(LastingLoop.AFTER_ERROR_NANOS);
    }

    /** Ends the thread after its current turn. An interrupt doesn't end the wait, and is kept. */
    final void end() {
        Thread running;
        synchronized (this) {
            stopped = true;
            running = thread;
        }
        if (running != null && !running.equals(Thread.currentThread())) {
            LastingLoop.awaitEnd(running, Long.MAX_VALUE, () -> LockSupport.unpark(running));
        }
    }
}
