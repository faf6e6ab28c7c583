package dev.streamwal.engine;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Packs, merges packs, or moves them to the tier, at intervals and when woken. */
public final class PackingThread {

    private final Consumer<BooleanSupplier> pass;
    private final long intervalNanos;
    private final RestingThread thread;

    /**
     * @param pass gets a function that tells it to end
     * @param intervalNanos between two passes; 0: there is no thread
     */
    public PackingThread(String name, Consumer<BooleanSupplier> pass, long intervalNanos) {
        this.pass = pass;
        this.intervalNanos = intervalNanos;
        this.thread = new RestingThread(name, this::run);
    }

    /** Starts a pass before the interval is over. */
    public void wake() {
        thread.wake();
    }

    /** Starts the thread, if there is an interval. */
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

    /** Ends the thread, after the current step of its pass. */
    public void stop() {
        thread.stop();
    }

    /** The same, and returns after some time though the step has not ended. */
    public void stopWithin(long nanos) {
        thread.stopWithin(nanos);
    }
}
