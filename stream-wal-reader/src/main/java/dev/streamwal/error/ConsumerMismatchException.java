package dev.streamwal.error;

import java.nio.file.Path;

/**
 * The consumer is bound to other keys, so its commits say nothing about these. Open it with its own keys, use another name, or remove the consumer
 * first.
 *
 * @since 1.0
 */
public final class ConsumerMismatchException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned
     */
    public ConsumerMismatchException(String message, Path file) {
        super(message, file, null, NO_POSITION);
    }
}
