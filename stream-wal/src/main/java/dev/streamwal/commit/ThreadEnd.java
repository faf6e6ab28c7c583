package dev.streamwal.commit;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Waiting for a thread that parks, and has been told to end. */
final class ThreadEnd {

    /** How soon a thread that missed being woken is woken again. */
    private static final long LOOK_MILLIS = 100;

    private ThreadEnd() {}

    /** An interrupt doesn't end the wait, and is kept. */
    static void await(@Nullable Thread thread) {
        boolean interrupted = false;
        while (thread != null && thread.isAlive() && !thread.equals(Thread.currentThread())) {
            LockSupport.unpark(thread);
            try {
                thread.join(LOOK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
