package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The consumer is open already, in this process or another one: close it there first, or use another name.
 *
 * @since 1.0
 */
public final class ConsumerInUseException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned
     * @param cause the exception that led to this one; null if there is none
     */
    public ConsumerInUseException(String message, Path file, @Nullable Throwable cause) {
        super(message, file, null, NO_POSITION, cause);
    }
}
