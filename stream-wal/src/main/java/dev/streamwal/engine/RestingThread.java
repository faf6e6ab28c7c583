package dev.streamwal.engine;

import dev.streamwal.io.LastingLoop;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A daemon thread that rests between two pieces of work, and ends when stopped, even in the middle of a rest. An error doesn't end it. */
public final class RestingThread {

    private final Thread thread;
    private final boolean hasWork;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Condition wake = waiting.newCondition();
    private volatile boolean stopped;
    /** The work has ended, other than by an error. */
    private volatile boolean isOver;
    /** Since the last rest; guarded by the lock. */
    private boolean isWoken;

    /**
     * A thread that makes passes: after each interval, and whenever it is woken.
     *
     * @param intervalNanos 0: it doesn't start
     * @param pass one pass; its argument tells whether it is to end
     */
    public static RestingThread atIntervals(String name, long intervalNanos, Consumer<BooleanSupplier> pass) {
        return new RestingThread(name, intervalNanos > 0, resting -> {
            while (resting.rest(intervalNanos)) {
                pass.accept(resting::isStopped);
            }
        });
    }

    /** @param work asks {@link #rest} or {@link #isStopped} whether it is to end; begins again if it throws */
    RestingThread(String name, Runnable work) {
        this(name, true, unused -> work.run());
    }

    private RestingThread(String name, boolean hasWork, Consumer<RestingThread> work) {
        this.thread = new Thread(() -> LastingLoop.run(() -> isOver || stopped, () -> {
            work.accept(this);
            isOver = true;
        }), name);
        thread.setDaemon(true);
        this.hasWork = hasWork;
    }

    /** Starts the thread, unless its interval is 0. */
    public void start() {
        if (hasWork) {
            thread.start();
        }
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
    public void wake() {
        waiting.lock();
        try {
            isWoken = true;
            wake.signalAll();
        } finally {
            waiting.unlock();
        }
    }

    /** Ends the thread, after the current piece of work. */
    public void stop() {
        stopWithin(Long.MAX_VALUE);
    }

    /** Like {@link #stop()}, but returns after some time even if the current piece of work hasn't ended; the thread ends after that piece. */
    public void stopWithin(long nanos) {
        waiting.lock();
        try {
            stopped = true;
            wake.signalAll();
        } finally {
            waiting.unlock();
        }
        LastingLoop.awaitEnd(thread, nanos, () -> { });
    }
}
