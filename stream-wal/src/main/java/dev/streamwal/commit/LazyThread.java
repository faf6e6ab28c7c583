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

    /** Starts the thread, or ends its current or next park. */
    final void startOrUnpark() {
        Thread running = thread;
        if (running == null) {
            start();
        } else {
            LockSupport.unpark(running);
        }
    }

    private synchronized void start() {
        if (thread == null && !stopped) {
            Thread created = new Thread(this::run, name);
            created.setDaemon(true);
            thread = created;
            created.start();
        }
    }

    private void run() {
        while (!stopped) {
            work();
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
