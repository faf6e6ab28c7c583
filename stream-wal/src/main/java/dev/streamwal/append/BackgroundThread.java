package dev.streamwal.append;

import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A named thread that processes a queue until it is stopped. A failure of one item is reported, and the thread continues: without it the log
 * would silently run out of prepared space.
 */
abstract class BackgroundThread<T> {

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

    final void add(T item) {
        queue.add(item);
    }

    final @Nullable T poll() {
        return queue.poll();
    }

    final int backlog() {
        return queue.size();
    }

    private void run() {
        while (!stopped) {
            try {
                perform(queue.take());
            } catch (InterruptedException e) {
                // end() interrupts so that the loop checks whether to end
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
