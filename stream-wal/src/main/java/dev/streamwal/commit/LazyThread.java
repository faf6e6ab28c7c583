package dev.streamwal.commit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A daemon thread that starts when it is first woken, and parks when there is nothing to do. */
abstract class LazyThread {

    /** After a failure: it is tried again, but not all the time. */
    private static final long AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** How soon a thread that missed being woken is woken again. */
    private static final long END_LOOK_MILLIS = 100;

    private final String name;
    private volatile @Nullable Thread thread;
    private volatile boolean stopped;

    LazyThread(String name) {
        this.name = name;
    }

    /** One turn; parks where there is nothing to do. Called again until the thread is to end. */
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

    /** Starts it, or ends its park, or its next one. */
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

    /** By the thread. Nobody else knows it: an interrupt means nothing. */
    final void park() {
        LockSupport.park(this);
        boolean unused = Thread.interrupted();
    }

    /** By the thread; as {@link #park}, for so long at most. */
    final void parkNanos(long nanos) {
        LockSupport.parkNanos(this, Math.max(1, nanos));
        boolean unused = Thread.interrupted();
    }

    /** By the thread, when a turn has failed. */
    final void restAfterFailure() {
        parkNanos(AFTER_FAILURE_NANOS);
    }

    /** Ends the thread, after the turn it is in. An interrupt doesn't end the wait, and is kept. */
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
