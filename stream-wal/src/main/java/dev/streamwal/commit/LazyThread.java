package dev.streamwal.commit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A daemon thread that starts when it is first woken, and parks while it has nothing to do. */
abstract class LazyThread {

    /** Pause after a failure, before the next attempt. */
    private static final long AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** After this time a thread that missed a wake-up is woken again. */
    private static final long END_LOOK_MILLIS = 100;

    /**
     * Thrown once when the thread begins. What a handler needs is looked up when it first runs, which takes memory: so it runs while there is some.
     */
    private static final Error REHEARSAL = new Error("rehearsal");

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

    /** Starts the thread, or ends its current or next park. Where the process can start no thread, {@link #isStarted} tells, and the next call tries again. */
    final void startOrUnpark() {
        Thread running = thread;
        // unparked also if another caller has just started it: it may have looked for work before this caller's came
        LockSupport.unpark(running == null ? start() : running);
    }

    private synchronized @Nullable Thread start() {
        if (thread == null && !stopped) {
            try {
                Thread created = new Thread(this::run, name);
                created.setDaemon(true);
                created.start();
                thread = created;
            } catch (OutOfMemoryError e) {
                // of the heap, or of threads
            }
        }
        return thread;
    }

    /** Ends only when it is to end: nothing starts the thread again. */
    private void run() {
        boolean rehearsed = false;
        while (!stopped) {
            try {
                if (!rehearsed) {
                    rehearsed = true;
                    throw REHEARSAL;
                }
                work();
            } catch (Throwable e) {
                // a turn reports its failures itself; what else comes here is that reporting one has failed
                parkNanos(e.equals(REHEARSAL) ? 1 : AFTER_FAILURE_NANOS);
            }
        }
    }

    /** Called by the thread. No other code knows the thread, so an interrupt means nothing. */
    final void park() {
        LockSupport.park(this);
        boolean unused = Thread.interrupted();
    }

    /** Called by the thread; like {@link #park}, but for at most this time. */
    final void parkNanos(long nanos) {
        LockSupport.parkNanos(this, Math.max(1, nanos));
        boolean unused = Thread.interrupted();
    }

    /** Called by the thread after a failed turn. */
    final void restAfterFailure() {
        parkNanos(AFTER_FAILURE_NANOS);
    }

    /** Ends the thread after its current turn. An interrupt doesn't end the wait, and is kept. */
    final void end() {
        Thread running;
        synchronized (this) {
            stopped = true;
            running = thread;
        }
        boolean interrupted = false;
        while (running != null && running.isAlive() && !running.equals(Thread.currentThread())) {
            LockSupport.unpark(running);
            try {
                running.join(END_LOOK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
