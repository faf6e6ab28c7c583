package dev.streamwal.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A daemon thread that rests between two pieces of work, and ends when it is told, also in the middle of a rest. */
final class RestingThread {

    private final Thread thread;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Condition stop = waiting.newCondition();
    private volatile boolean stopped;

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

    /** @return false where the thread is to end */
    boolean rest(long nanos) {
        waiting.lock();
        try {
            long left = nanos;
            while (!stopped && left > 0) {
                left = stop.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            // nobody else knows this thread: take it for the end of the rest
        } finally {
            waiting.unlock();
        }
        return !stopped;
    }

    /** Ends the thread, after the piece of work it is at. */
    void stop() {
        waiting.lock();
        try {
            stopped = true;
            stop.signalAll();
        } finally {
            waiting.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(1));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
