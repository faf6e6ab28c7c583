package dev.streamwal.walk;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells which of several sequences comes next: the one with the smallest head. It compares heads only, and so keeps each sequence's own order: a
 * head that is smaller than the one before it in its sequence comes right after that one. Pure; makes no garbage.
 *
 * <p>It is a binary heap of the heads that wait. {@code java.util.PriorityQueue} can't replace its first element in one go: taking it out and adding another
 * one compares twice as often.
 *
 * @param <H> a head, which changes while it isn't in the queue
 */
final class MergeQueue<H extends Comparable<? super H>> {

    private final List<H> waiting = new ArrayList<>();

    /** Adds the head of a sequence. */
    void add(H head) {
        waiting.add(head);
        rise(waiting.size() - 1, head);
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
        if (waiting.isEmpty()) {
            return moved;
        }
        H first = waiting.get(0);
        if (moved == null) {
            H last = waiting.remove(waiting.size() - 1);
            if (!waiting.isEmpty()) {
                replaceFirst(last);
            }
            return first;
        }
        if (moved.compareTo(first) <= 0) {
            return moved;
        }
        replaceFirst(moved);
        return first;
    }

    /** A head that has moved belongs far down, mostly: so the gap goes down to a leaf, with a comparison a level, and the head rises from there. */
    private void replaceFirst(H head) {
        int size = waiting.size();
        int gap = 0;
        for (int child = 1; child < size; child = 2 * gap + 1) {
            if (child + 1 < size && waiting.get(child + 1).compareTo(waiting.get(child)) < 0) {
                child++;
            }
            waiting.set(gap, waiting.get(child));
            gap = child;
        }
        rise(gap, head);
    }

    private void rise(int from, H head) {
        int at = from;
        while (at > 0) {
            int above = (at - 1) / 2;
            if (waiting.get(above).compareTo(head) <= 0) {
                break;
            }
            waiting.set(at, waiting.get(above));
            at = above;
        }
        waiting.set(at, head);
    }
}
