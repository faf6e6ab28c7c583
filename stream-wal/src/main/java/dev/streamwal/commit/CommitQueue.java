package dev.streamwal.commit;

import java.util.concurrent.atomic.AtomicInteger;
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

    private final Arrivals<CommitRequest> arrivals = new Arrivals<>();
    private final AtomicInteger later = new AtomicInteger();

    void add(CommitRequest request) {
        arrivals.add(request);
    }

    boolean isEmpty() {
        return arrivals.isEmpty();
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

    /** Releases the place of a request whose result was delivered. */
    void releaseLater() {
        later.decrementAndGet();
    }

    /** Moves all requests to the end of a list, in the order in which they came. */
    void drainTo(Chain<CommitRequest> requests) {
        requests.addAll(arrivals.takeAll());
    }

    /** The waiting thread of one of the requests; null if there is none. A hint: the request may have been answered meanwhile. */
    @Nullable Thread anyWaiter() {
        return CommitRequest.anyWaiter(arrivals.newest());
    }
}
