package dev.streamwal.engine;

import dev.streamwal.packing.Packer;

/** Packs at intervals. */
public final class PackingThread {

    private final Packer packer;
    private final long intervalNanos;
    private final RestingThread thread;

    /** @param intervalNanos between two passes; 0: there is no thread */
    public PackingThread(Packer packer, long intervalNanos) {
        this.packer = packer;
        this.intervalNanos = intervalNanos;
        this.thread = new RestingThread("stream-wal-pack", this::run);
    }

    /** Where there is an interval. */
    public void start() {
        if (intervalNanos > 0) {
            thread.start();
        }
    }

    private void run() {
        while (thread.rest(intervalNanos)) {
            packer.passAtIntervals(thread::isStopped);
        }
    }

    /** Ends the thread, after the pack that it is at. */
    public void stop() {
        thread.stop();
    }
}
