package dev.streamwal.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A daemon thread that rests between two pieces of work, and ends when stopped, even in the middle of a rest. An error doesn't end it. */
public final class RestingThread {

    /** Pause after an error, before the work begins again. */
    private static final long AFTER_ERROR_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * Thrown once when the thread begins. What a handler needs is looked up when it first runs, which takes memory: so it runs while there is some.
     */
    private static final Error REHEARSAL = new Error("rehearsal");

    private final Thread thread;
    private final boolean hasWork;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Condition wake = waiting.newCondition();
    private volatile boolean stopped;
    /** Since the last rest; guarded by the lock. */
    private boolean isWoken;

    /**
     * A thread that makes passes: after each interval, and whenever it is woken.
     *
     * @param intervalNanos 0: it doesn't start
     * @param pass gets what says whether it is to end
     */
    public static RestingThread atIntervals(String name, long intervalNanos, Consumer<BooleanSupplier> pass) {
        return new RestingThread(name, intervalNanos, pass);
    }

    private RestingThread(String name, long intervalNanos, Consumer<BooleanSupplier> pass) {
        this.thread = new Thread(() -> run(() -> {
            while (rest(intervalNanos)) {
                pass.accept(this::isStopped);
            }
        }), name);
        thread.setDaemon(true);
        this.hasWork = intervalNanos > 0;
    }

    /** @param work asks {@link #rest} or {@link #isStopped} whether it is to end; begins again if it throws */
    RestingThread(String name, Runnable work) {
        this.thread = new Thread(() -> run(work), name);
        thread.setDaemon(true);
        this.hasWork = true;
    }

    private void run(Runnable work) {
        boolean ended = false;
        boolean rehearsed = false;
        while (!ended) {
            try {
                if (!rehearsed) {
                    rehearsed = true;
                    throw REHEARSAL;
                }
                work.run();
                ended = true;
            } catch (Throwable e) {
                // pieces of work report their failures; what else comes here is that resting or reporting has failed, for lack of memory
                LockSupport.parkNanos(e.equals(REHEARSAL) ? 1 : AFTER_ERROR_NANOS);
                ended = stopped;
            }
        }
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

    /** The same, and returns after some time though the current piece of work has not ended; the thread ends behind it. */
    public void stopWithin(long nanos) {
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
