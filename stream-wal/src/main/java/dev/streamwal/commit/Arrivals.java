package dev.streamwal.commit;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Any thread adds; one takes all at once. Takes neither locks nor memory. */
final class Arrivals<E extends Linked<E>> {

    private final AtomicReference<@Nullable E> newest = new AtomicReference<>();

    void add(E element) {
        E before;
        do {
            before = newest.get();
            element.next = before;
        } while (!newest.compareAndSet(before, element));
    }

    boolean isEmpty() {
        return newest.get() == null;
    }

    /** Those that came earlier are behind it. */
    @Nullable E newest() {
        return newest.get();
    }

    /** Removes all, and returns the one that came first; the others are behind it, in the order in which they came. */
    @Nullable E takeAll() {
        E taken = newest.getAndSet(null);
        E oldest = null;
        while (taken != null) {
            E older = taken.next;
            taken.next = oldest;
            oldest = taken;
            taken = older;
        }
        return oldest;
    }
}
