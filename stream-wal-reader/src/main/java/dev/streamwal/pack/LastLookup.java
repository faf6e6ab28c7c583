package dev.streamwal.pack;

import dev.streamwal.format.FormatException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where the last lookup in some blocks of keys has ended. The next one goes on there, if its key is in the same block and not before that place: so
 * lookups of many keys in their order pass each entry once, and not half a block for each key. Thread-safe: a cursor that one thread has taken no
 * other thread gets, and that thread goes through the block from its beginning.
 */
final class LastLookup<C extends KeyCursor> {

    private final AtomicReference<@Nullable At<C>> last = new AtomicReference<>();

    private record At<C>(int block, C cursor) {}

    /** Opens a block. */
    @FunctionalInterface
    interface Opening<C> {
        /** A cursor before the block's first entry. */
        C run() throws IOException, FormatException;
    }

    /** A cursor that stands on the block's first entry whose key isn't before this one; null where there is none. */
    @Nullable C seek(int block, byte[] key, Opening<C> opening) throws IOException, FormatException {
        C last = take(block, key);
        C cursor = last == null ? opening.run() : last;
        boolean isThere = last != null || cursor.next();
        while (isThere && cursor.compareKey(key) < 0) {
            isThere = cursor.next();
        }
        return isThere ? cursor : null;
    }

    /** A cursor of the block that stands on an entry; the entries before that one have keys before this one. Null where there is none. */
    private @Nullable C take(int block, byte[] key) {
        At<C> at = last.getAndSet(null);
        return at != null && at.block() == block && at.cursor().compareKey(key) <= 0 ? at.cursor() : null;
    }

    /** Frees the block. */
    void forget() {
        last.set(null);
    }

    /** A lookup has ended here: the cursor stands on an entry, before which there is none with the same key in the block. */
    void endsAt(int block, C cursor) {
        last.set(new At<>(block, cursor));
    }
}
