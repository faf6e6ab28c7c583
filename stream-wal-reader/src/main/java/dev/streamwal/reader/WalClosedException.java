package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What was called has been closed. */
public final class WalClosedException extends WalException {

    private static final long serialVersionUID = 1L;

    /** The arguments are those of {@link WalException}. */
    public WalClosedException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
