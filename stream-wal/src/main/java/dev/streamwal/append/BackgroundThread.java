package dev.streamwal.append;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A named thread that processes a queue until it is stopped. A failure of one item is reported, and the thread continues: without it the log
 * would silently run out of prepared space.
 */
abstract class BackgroundThread<T> {

    /** Pause after an error, before the next item. */
    private static final long AFTER_ERROR_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * Thrown once when the thread begins. What a handler needs is looked up when it first runs, which takes memory: so it runs while there is some.
     */
    private static final Error REHEARSAL = new Error("rehearsal");

    private final String task;
    private final LogEvents events;
    private final Thread thread;
    /** Bounded by the callers: a segment is in it at most once. */
    private final LinkedBlockingQueue<T> queue = new LinkedBlockingQueue<>();
    private volatile boolean stopped;

    BackgroundThread(String task, LogEvents events) {
        this.task = task;
        this.events = events;
        this.thread = new Thread(this::run, "stream-wal-" + task);
        thread.setDaemon(true);
    }

    abstract void work(T item) throws Exception;

    /** The stream of an item, for the report of a failure. */
    abstract String streamOf(T item);

    final void start() {
        thread.start();
    }

    /** @return false if there is no memory for it */
    final boolean add(T item) {
        try {
            return queue.add(item);
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    final @Nullable T poll() {
        return queue.poll();
    }

    final int backlog() {
        return queue.size();
    }

    private void run() {
        boolean rehearsed = false;
        while (!stopped) {
            try {
                if (!rehearsed) {
                    rehearsed = true;
                    throw REHEARSAL;
                }
                perform(queue.take());
            } catch (InterruptedException e) {
                // end() interrupts so that the loop checks whether to end
            } catch (Throwable e) {
                // what else comes here is that waiting or reporting has failed, for lack of memory
                LockSupport.parkNanos(e.equals(REHEARSAL) ? 1 : AFTER_ERROR_NANOS);
            }
        }
    }

    final void perform(T item) {
        long begun = events.begins();
        try {
            work(item);
            events.ended(task, streamOf(item), begun);
        } catch (Throwable failure) {
            events.failed(task, streamOf(item), failure);
        }
    }

    /** Processes the queue on the calling thread. */
    final void workOff() {
        for (T item = poll(); item != null; item = poll()) {
            perform(item);
        }
    }

    /** Ends the thread after its current item. Idempotent. */
    final void end() {
        stopped = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            thread.interrupt();
            try {
                thread.join(STOP_LOOK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** After this time a thread that missed its interrupt gets another one. */
    private static final long STOP_LOOK_MILLIS = 100;
}
