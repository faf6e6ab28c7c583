package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The records asked for have been deleted, because they expired or by hand. A cursor that retention has overtaken throws this exception once; its
 * next {@code next()} goes on at {@link #to()}.
 *
 * @since 1.0
 */
public final class EntryExpiredException extends WalException {

    private static final long serialVersionUID = 1L;

    /** Inclusive. */
    private final long from;
    /** Exclusive. */
    private final long to;
    /** Whether there were records in the range. */
    private final boolean isCertain;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param from stream position where the deleted range begins, inclusive
     * @param to stream position where the deleted range ends, exclusive
     * @param isCertain whether there were records in the range
     * @param cause the exception that led to this one; null if there is none
     */
    public EntryExpiredException(
            String message, @Nullable Path file, @Nullable String key, long from, long to, boolean isCertain, @Nullable Throwable cause) {
        super(message, file, key, from, cause);
        this.from = from;
        this.to = to;
        this.isCertain = isCertain;
    }

    /** {@return the stream position where the deleted range begins, inclusive} */
    public long from() {
        return from;
    }

    /** {@return the stream position where the deleted range ends, exclusive} */
    public long to() {
        return to;
    }

    /**
     * Whether records are known to have been in the range. False if all of a stream was deleted, and a cursor in it couldn't see beforehand whether
     * records had come at the cursor's position. Either the cursor was closed or busy at that time; or the log's writer was killed, and the records
     * after the place where it was killed expired before the next writer had recovered them.
     *
     * @return whether records in the range were deleted; false if that isn't known
     */
    public boolean isCertain() {
        return isCertain;
    }
}
