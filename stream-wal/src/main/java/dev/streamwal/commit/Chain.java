package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/** A list of {@link Linked} elements, which takes no memory: whatever the heap has left, no element is lost on its way from one list to another. */
final class Chain<E extends Linked<E>> {

    private @Nullable E first;
    private @Nullable E last;

    boolean isEmpty() {
        return first == null;
    }

    /** The others are found by {@link Linked#next}. */
    @Nullable E first() {
        return first;
    }

    @Nullable E last() {
        return last;
    }

    void add(E element) {
        element.next = null;
        E before = last;
        if (before == null) {
            first = element;
        } else {
            before.next = element;
        }
        last = element;
    }

    /** Adds this element and those behind it. */
    void addAll(@Nullable E linked) {
        E each = linked;
        while (each != null) {
            E behind = each.next;
            add(each);
            each = behind;
        }
    }

    @Nullable E poll() {
        E taken = first;
        if (taken != null) {
            first = taken.next;
            last = first == null ? null : last;
            taken.next = null;
        }
        return taken;
    }

    /** Removes all, and returns the first; the others are behind it. */
    @Nullable E takeAll() {
        E taken = first;
        first = null;
        last = null;
        return taken;
    }
}
