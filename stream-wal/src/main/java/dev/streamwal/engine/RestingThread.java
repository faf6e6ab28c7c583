package dev.streamwal.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A daemon thread that rests between two pieces of work, and ends when stopped, even in the middle of a rest. */
final class RestingThread {

    private final Thread thread;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Condition wake = waiting.newCondition();
    private volatile boolean stopped;
    /** Since the last rest; guarded by the lock. */
    private boolean isWoken;

    /** @param work asks {@link #rest} or {@link #isStopped} whether it is to end */
    RestingThread(String name, Runnable work) {
        this.thread = new Thread(work, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    boolean isStopped() {
        return stopped;
    }

    /**
     * Rests; returns early if the thread was {@link #wake woken} since the last rest.
     *
     * @return false if the thread has to end
     */
    boolean rest(long nanos) {
        waiting.lock();
        try {
            long left = nanos;
            while (!stopped && !isWoken && left > 0) {
                left = wake.awaitNanos(left);
            }
            isWoken = false;
        } catch (InterruptedException e) {
            // no other code knows this thread: an interrupt ends the rest
        } finally {
            waiting.unlock();
        }
        return !stopped;
    }

    /** Ends the rest. */
    void wake() {
        waiting.lock();
        try {
            isWoken = true;
            wake.signalAll();
        } finally {
            waiting.unlock();
        }
    }

    /** Ends the thread, after the current piece of work. */
    void stop() {
        stopWithin(Long.MAX_VALUE);
    }

    /** The same, and returns after some time though the current piece of work has not ended; the thread ends behind it. */
    void stopWithin(long nanos) {
        waiting.lock();
        try {
            stopped = true;
            wake.signalAll();
        } finally {
            waiting.unlock();
        }
        long begun = System.nanoTime();
        boolean interrupted = false;
        while (thread.isAlive() && System.nanoTime() - begun < nanos) {
            try {
                thread.join(Math.max(1, Math.min(TimeUnit.SECONDS.toMillis(1), TimeUnit.NANOSECONDS.toMillis(nanos))));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
