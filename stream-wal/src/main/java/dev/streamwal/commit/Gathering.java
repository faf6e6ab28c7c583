package dev.streamwal.commit;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The threads that wait for an answer, and a leader that waits for more of them: see {@link GroupWait}. Takes no memory. */
final class Gathering {

    /*
     * Concurrency.
     *
     * A thread queues its request, counts itself in `present`, and then looks at `wanted`. A leader sets `wanted`, and then looks at `present`, before it
     * parks. Both are volatile, so either the leader sees that the last thread is there, or that thread sees that it is wanted, and wakes the leader. Whatever
     * else happens, the leader wakes by itself when its time is over. It holds `leading` all the time, so the others park, and it answers them. The numbers
     * decide how long it waits, and nothing else.
     */

    private static final int NOBODY = Integer.MAX_VALUE;

    /** The name of the group that {@link Thread#getThreadGroup} gives for every virtual thread; Java 17 has no other way to ask. */
    private static final String VIRTUAL_THREADS = "VirtualThreads";

    private final AtomicInteger present = new AtomicInteger();
    private final GroupWait wait;
    private volatile int wanted = NOBODY;
    private volatile @Nullable Thread leader;

    Gathering(GroupWait wait) {
        this.wait = wait;
    }

    /** A thread has queued a request, and waits. */
    void arrived() {
        if (present.incrementAndGet() >= wanted) {
            LockSupport.unpark(leader);
        }
    }

    /** The request of such a thread is being answered. */
    void answered() {
        present.decrementAndGet();
    }

    /** Called by the leader: waits for other threads, if that may be worth it, unless it is a virtual thread. An interrupt ends the wait. */
    void await() {
        Thread self = Thread.currentThread();
        long limit = wait.nanos(present.get());
        if (limit == 0 || isVirtual(self)) {
            return;
        }
        long begin = System.nanoTime();
        leader = self;
        wanted = wait.threads();
        try {
            long left = limit;
            while (present.get() < wait.threads() && left > 0 && !self.isInterrupted()) {
                LockSupport.parkNanos(this, left);
                left = limit - (System.nanoTime() - begin);
            }
        } finally {
            wanted = NOBODY;
            leader = null;
        }
        wait.waited(present.get());
    }

    /**
     * A virtual leader waits for nobody. While it parked, other virtual threads could compute for long on all carriers, and the log would have a leader that
     * doesn't run. To park it for a time takes memory of its carrier: if that is lacking, it is never woken.
     */
    private static boolean isVirtual(Thread thread) {
        ThreadGroup group = thread.getThreadGroup();
        return group != null && group.getName().equals(VIRTUAL_THREADS);
    }

    /** Called by the leader after a flush, before it answers. */
    void flushed(long nanos) {
        wait.flushed(present.get(), nanos);
    }
}
