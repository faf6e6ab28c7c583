package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The process may not open more files: raise its limit, or lower {@code maxOpenFiles}. */
public final class TooManyOpenFilesException extends WalIOException {

    private static final long serialVersionUID = 1L;

    /** The arguments are those of {@link WalException}. */
    public TooManyOpenFilesException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
