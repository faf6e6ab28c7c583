package dev.streamwal.pack;

import dev.streamwal.format.FormatException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Where the last lookup in some blocks of keys ended. The next lookup continues there if its key is in the same block and not before that place. So lookups of
 * many keys in order pass each entry once, instead of half a block for each key. Thread-safe: while one thread has the cursor, another goes through the block
 * from its beginning.
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

    /** A cursor that stands on the block's first entry whose key isn't before this one; null if there is none. */
    @Nullable C seek(int block, byte[] key, Opening<C> opening) throws IOException, FormatException {
        C last = take(block, key);
        C cursor = last == null ? opening.run() : last;
        boolean isThere = last != null || cursor.next();
        while (isThere && cursor.compareKey(key) < 0) {
            isThere = cursor.next();
        }
        return isThere ? cursor : null;
    }

    /**
     * The cursor of the last lookup if it is in this block and stands on this key or one before it, else null. All entries before the cursor have keys before
     * this one.
     */
    private @Nullable C take(int block, byte[] key) {
        At<C> at = last.getAndSet(null);
        return at != null && at.block() == block && at.cursor().compareKey(key) <= 0 ? at.cursor() : null;
    }

    /** Frees the block. */
    void forget() {
        last.set(null);
    }

    /** Says that a lookup has ended here: the cursor stands on an entry, and no entry before it in the block has the same key. */
    void endsAt(int block, C cursor) {
        last.set(new At<>(block, cursor));
    }
}
