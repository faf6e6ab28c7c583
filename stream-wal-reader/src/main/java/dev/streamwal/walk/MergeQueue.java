package dev.streamwal.walk;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Tells which of several sequences comes next: the one with the smallest head. It compares heads only, and so keeps each sequence's own order: a
 * head that is smaller than the one before it in its sequence comes right after that one. Pure; makes no garbage.
 *
 * @param <H> a head, which changes while it isn't in the queue
 */
final class MergeQueue<H extends Comparable<? super H>> {

    private final PriorityQueue<H> waiting = new PriorityQueue<>();

    /** Adds the head of a sequence. */
    void add(H head) {
        waiting.add(head);
    }

    /** Takes all out. */
    void clear() {
        waiting.clear();
    }

    /**
     * Takes out the smallest.
     *
     * @param moved the head that was taken out last, with its next value; null if its sequence has ended
     * @return null if there is none left
     */
    @Nullable H next(@Nullable H moved) {
        if (moved == null) {
            return waiting.poll();
        }
        H first = waiting.peek();
        if (first == null || moved.compareTo(first) <= 0) {
            return moved;
        }
        waiting.poll();
        waiting.add(moved);
        return first;
    }
}
