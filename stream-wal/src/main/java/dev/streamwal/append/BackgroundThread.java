package dev.streamwal.append;

import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A named thread that works off a queue until it is stopped. A piece of work that fails is reported, and the thread goes on: without it
 * the log would run dry silently.
 */
abstract class BackgroundThread<T> {

    private final String task;
    private final LogEvents events;
    private final Thread thread;
    /** Bounded by whoever fills it: a segment is in it once. */
    private final LinkedBlockingQueue<T> queue = new LinkedBlockingQueue<>();
    private volatile boolean stopped;

    BackgroundThread(String task, LogEvents events) {
        this.task = task;
        this.events = events;
        this.thread = new Thread(this::run, "stream-wal-" + task);
        thread.setDaemon(true);
    }

    abstract void work(T item) throws Exception;

    /** Which stream an item belongs to, for the report of a failure. */
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
                // stop() wants the loop to look
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

    /** Does what waits, on the calling thread. */
    final void workOff() {
        for (T item = poll(); item != null; item = poll()) {
            perform(item);
        }
    }

    /** Ends the thread, which finishes the item it is at. Idempotent. */
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

    /** How soon a thread that missed its interrupt gets another one. */
    private static final long STOP_LOOK_MILLIS = 100;
}
