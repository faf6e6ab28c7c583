package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file, or a record in it, needs something that this version does not know: use the version that wrote it, or a newer one.
 *
 * @since 1.0
 */
public final class UnsupportedFormatException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     * @param cause the exception that led to this one; null if there is none
     */
    public UnsupportedFormatException(
            String message, @Nullable Path file, @Nullable String key, long position, @Nullable Throwable cause) {
        super(message, file, key, position, cause);
    }
}
