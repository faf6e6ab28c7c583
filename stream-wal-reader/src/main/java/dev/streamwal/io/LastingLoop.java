package dev.streamwal.io;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * What a background thread of the log does: one turn after the other, until its log is closed. An error doesn't end it, since nothing would start the
 * thread again.
 */
public final class LastingLoop {

    /** Pause after an error, before the next turn. */
    public static final long AFTER_ERROR_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often {@link #awaitEnd} wakes a thread that is to end. */
    private static final long WAKE_MILLIS = 100;

    /**
     * Thrown once when a loop begins. The handler's first run looks up what it needs, which takes memory. So the handler runs once while there is
     * memory.
     */
    private static final Error REHEARSAL = new Error("rehearsal");

    /** One turn. It reports its own failures; apart from an interrupt, it throws only if waiting or reporting has failed for lack of memory. */
    @FunctionalInterface
    public interface Turn {
        void run() throws InterruptedException;
    }

    private LastingLoop() {}

    /** Runs on the calling thread. An interrupt ends only the current turn: code that interrupts the thread does so to make it look whether it is to end. */
    public static void run(BooleanSupplier isOver, Turn turn) {
        boolean rehearsed = false;
        while (!isOver.getAsBoolean()) {
            try {
                if (!rehearsed) {
                    rehearsed = true;
                    throw REHEARSAL;
                }
                turn.run();
            } catch (InterruptedException e) {
                // looks whether it is over
            } catch (Throwable e) {
                LockSupport.parkNanos(e.equals(REHEARSAL) ? 1 : AFTER_ERROR_NANOS);
                // an interrupt that wasn't meant to end the loop may have ended the turn
                boolean unused = Thread.interrupted();
            }
        }
    }

    /**
     * Returns when the thread has ended, or after some time. An interrupt of the caller doesn't end the wait, and is kept.
     *
     * @param wake makes the thread look whether it is to end; called again and again, because the thread may miss a call
     */
    public static void awaitEnd(Thread thread, long withinNanos, Runnable wake) {
        boolean interrupted = false;
        long begun = System.nanoTime();
        while (thread.isAlive() && System.nanoTime() - begun < withinNanos) {
            wake.run();
            try {
                thread.join(Math.max(1, Math.min(WAKE_MILLIS, TimeUnit.NANOSECONDS.toMillis(withinNanos))));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
