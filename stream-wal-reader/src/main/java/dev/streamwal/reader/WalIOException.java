package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The file system failed, or a slot in a segment was given up by its writer: try again, or look at the disk. */
public class WalIOException extends WalException {

    private static final long serialVersionUID = 1L;

    /** The arguments are those of {@link WalException}. */
    public WalIOException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
