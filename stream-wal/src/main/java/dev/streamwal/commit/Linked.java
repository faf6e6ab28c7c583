package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/** An element of a {@link Chain} or of {@link Arrivals}, of one list at a time. It has the link itself, so adding it takes no memory and can't fail. */
abstract class Linked<E extends Linked<E>> {

    @Nullable E next;
}
