package dev.streamwal.engine;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Packs, or merges packs, at intervals, and when it is woken. */
public final class PackingThread {

    private final Consumer<BooleanSupplier> pass;
    private final long intervalNanos;
    private final RestingThread thread;

    /**
     * @param pass is given what says whether it is to end
     * @param intervalNanos between two passes; 0: there is no thread
     */
    public PackingThread(String name, Consumer<BooleanSupplier> pass, long intervalNanos) {
        this.pass = pass;
        this.intervalNanos = intervalNanos;
        this.thread = new RestingThread(name, this::run);
    }

    /** There is something to do before the interval is over. */
    public void wake() {
        thread.wake();
    }

    /** Where there is an interval. */
    public void start() {
        if (intervalNanos > 0) {
            thread.start();
        }
    }

    private void run() {
        while (thread.rest(intervalNanos)) {
            pass.accept(thread::isStopped);
        }
    }

    /** Ends the thread, after the piece of its pass that it is at. */
    public void stop() {
        thread.stop();
    }
}
