package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for has been deleted, as expired or by hand. A cursor that retention has overtaken throws this once; its following
 * {@code next()} goes on at {@link #to()}.
 */
public final class EntryExpiredException extends WalException {

    private static final long serialVersionUID = 1L;

    private final long from;
    private final long to;

    /**
     * @param from stream position where what is gone begins, inclusive
     * @param to stream position where it ends, exclusive
     */
    public EntryExpiredException(
            String message, @Nullable Path file, @Nullable String stream, long from, long to, @Nullable Throwable cause) {
        super(message, file, stream, from, cause);
        this.from = from;
        this.to = to;
    }

    /** The stream position where what is gone begins, inclusive. */
    public long from() {
        return from;
    }

    /** The stream position where what is gone ends, exclusive. */
    public long to() {
        return to;
    }
}
