package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file, or a record in it, needs something that this version does not know: use the version that wrote it, or a newer one. */
public final class UnsupportedFormatException extends WalException {

    private static final long serialVersionUID = 1L;

    /** The arguments are those of {@link WalException}. */
    public UnsupportedFormatException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
