package dev.streamwal.tail;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where one thread rests for a time, and others wake it. A wakeup that finds nobody resting ends the next rest at once; several count as
 * one.
 *
 * <p>No wakeup is lost: who rests says so in {@code resting} before he reads {@code woken}, and who wakes sets {@code woken} before he reads
 * {@code resting}. Both are volatile, so at least one of them sees what the other wrote: either the sleeper doesn't go to sleep, or he is
 * unparked, and an unpark that comes before the park makes that return at once.
 */
public class WakeableRest {

    private volatile boolean woken;
    private volatile @Nullable Thread resting;

    /**
     * Rests.
     *
     * @param nanos at most; zero or less only looks whether somebody has woken it
     * @return whether somebody did
     * @throws InterruptedException where the thread is interrupted, also before
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

    /** For tests, that come between. */
    void park(long nanos) {
        LockSupport.parkNanos(this, nanos);
    }
}
