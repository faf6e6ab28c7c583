package dev.streamwal.commit;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Requests that no leader has taken yet. Any thread adds; the leader takes all at once. Without locks, so that nobody waits here while
 * somebody else isn't running.
 */
final class CommitQueue {

    /**
     * Requests that nobody waits for, until what they are answered with is delivered; whoever wants one more waits for his. As many as keep
     * a disk busy many times over: one flush takes 500 to 5,000.
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

    /** Takes a place for a request that nobody waits for; false where there is none. */
    boolean reserveLater() {
        if (later.incrementAndGet() <= MAX_LATER) {
            return true;
        }
        later.decrementAndGet();
        return false;
    }

    /** So many of them were answered, and delivered. */
    void releaseLater(int count) {
        later.addAndGet(-count);
    }

    /** Moves all there are to the end of a list, in the order they came. */
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

    /** A thread that waits for one of them; null where there is none. A hint: it may have been answered meanwhile. */
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
