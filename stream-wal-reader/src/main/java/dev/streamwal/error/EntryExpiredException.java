package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for has been deleted, as expired or by hand. A cursor that retention has overtaken throws this once; its following
 * {@code next()} goes on at {@link #to()}.
 *
 * @since 1.0
 */
public final class EntryExpiredException extends WalException {

    private static final long serialVersionUID = 1L;

    /** Inclusive. */
    private final long from;
    /** Exclusive. */
    private final long to;

    /**
     * Made by the library.
     *
     * @param message the rule that is broken, the values, where, and what to do next
     * @param file the file concerned; null where there is none
     * @param key the key of the stream concerned; null where there is none
     * @param from stream position where what is gone begins, inclusive
     * @param to stream position where it ends, exclusive
     * @param cause what is behind this; null where nothing is
     */
    public EntryExpiredException(
            String message, @Nullable Path file, @Nullable String key, long from, long to, @Nullable Throwable cause) {
        super(message, file, key, from, cause);
        this.from = from;
        this.to = to;
    }

    /** {@return the stream position where what is gone begins, inclusive} */
    public long from() {
        return from;
    }

    /** {@return the stream position where what is gone ends, exclusive} */
    public long to() {
        return to;
    }
}
