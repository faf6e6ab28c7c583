package dev.streamwal.append;

import dev.streamwal.io.LastingLoop;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A named thread that processes a queue until it is stopped. A failure of one item is reported, and the thread continues: without it the log
 * would silently run out of prepared space.
 */
abstract class BackgroundThread<T> {

    private final String task;
    final LogEvents events;
    private final Thread thread;
    /** Bounded by the callers: a segment is in it at most once, by its own flag or that of its entry. */
    private final LinkedBlockingQueue<T> queue = new LinkedBlockingQueue<>();
    private volatile boolean stopped;

    BackgroundThread(String task, LogEvents events) {
        this.task = task;
        this.events = events;
        this.thread = new Thread(() -> LastingLoop.run(() -> stopped, () -> perform(queue.take())), "stream-wal-" + task);
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
        LastingLoop.awaitEnd(thread, Long.MAX_VALUE, thread::interrupt);
    }
}
