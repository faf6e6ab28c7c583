package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** There is no room: make some, then go on. */
public final class DiskFullException extends WalIOException {

    private static final long serialVersionUID = 1L;

    /** The arguments are those of {@link WalException}. */
    public DiskFullException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
