package dev.streamwal.commit;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Requests that no leader has taken yet. Any thread adds; the leader takes all at once. Without locks, so that no thread waits here for one
 * that isn't running.
 */
final class CommitQueue {

    /**
     * Limit of requests without a waiting thread, counted until their results are delivered; a further one is waited for. The number keeps a
     * disk busy many times over: one flush takes 500 to 5,000 requests.
     */
    static final int MAX_LATER = 1 << 16;

    private final AtomicReference<@Nullable CommitRequest> newest = new AtomicReference<>();
    private final AtomicInteger later = new AtomicInteger();

    void add(CommitRequest request) {
        CommitRequest before;
        do {
            before = newest.get();
            request.next = before;
        } while (!newest.compareAndSet(before, request));
    }

    boolean isEmpty() {
        return newest.get() == null;
    }

    /** Takes a place for a request without a waiting thread; false if there is none. */
    boolean reserveLater() {
        if (later.incrementAndGet() <= MAX_LATER) {
            return true;
        }
        later.decrementAndGet();
        return false;
    }

    /** How many places are taken. */
    int later() {
        return Math.min(later.get(), MAX_LATER);
    }

    /** Releases the places of requests whose results were delivered. */
    void releaseLater(int count) {
        later.addAndGet(-count);
    }

    /** Moves all requests to the end of a list, in the order in which they came. */
    void drainTo(List<CommitRequest> requests) {
        CommitRequest taken = newest.getAndSet(null);
        CommitRequest oldest = null;
        while (taken != null) {
            CommitRequest older = taken.next;
            taken.next = oldest;
            oldest = taken;
            taken = older;
        }
        while (oldest != null) {
            CommitRequest newer = oldest.next;
            oldest.next = null;
            requests.add(oldest);
            oldest = newer;
        }
    }

    /** The waiting thread of one of the requests; null if there is none. A hint: the request may have been answered meanwhile. */
    @Nullable Thread anyWaiter() {
        for (CommitRequest request = newest.get(); request != null; request = request.next) {
            Thread waiter = request.waiter();
            if (waiter != null) {
                return waiter;
            }
        }
        return null;
    }
}
