package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** There is no record at this position of the stream, and there has not been one. */
public final class EntryNotFoundException extends WalException {

    private static final long serialVersionUID = 1L;

    /** The arguments are those of {@link WalException}. */
    public EntryNotFoundException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
