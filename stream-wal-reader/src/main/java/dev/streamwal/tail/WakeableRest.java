package dev.streamwal.tail;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread rest for a time, and others wake it. A wakeup while no thread rests ends the next rest at once; several such wakeups count as
 * one.
 *
 * <p>No wakeup is lost: the resting thread sets {@code resting} before it reads {@code woken}, and the waking thread sets {@code woken} before it
 * reads {@code resting}. Both are volatile, so at least one of the threads sees what the other wrote: either the first one doesn't go to sleep, or
 * it is unparked. An unpark that comes before the park makes the park return at once.
 */
public class WakeableRest {

    private volatile boolean woken;
    private volatile @Nullable Thread resting;

    /**
     * Rests.
     *
     * @param nanos at most; zero or less only checks for a wakeup
     * @return whether there was a wakeup
     * @throws InterruptedException if the thread is interrupted, during the call or before it
     */
    public boolean rest(long nanos) throws InterruptedException {
        long start = System.nanoTime();
        resting = Thread.currentThread();
        try {
            for (long left = nanos; !woken && left > 0 && !Thread.currentThread().isInterrupted();
                    left = nanos - (System.nanoTime() - start)) {
                park(left);
            }
        } finally {
            resting = null;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted while waiting for a record");
        }
        boolean wasWoken = woken;
        if (wasWoken) {
            woken = false;
        }
        return wasWoken;
    }

    public final void wakeup() {
        woken = true;
        Thread sleeper = resting;
        if (sleeper != null) {
            LockSupport.unpark(sleeper);
        }
    }

    /** Replaced by tests, to interfere here. */
    void park(long nanos) {
        LockSupport.parkNanos(this, nanos);
    }
}
