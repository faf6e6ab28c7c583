package dev.streamwal.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a command was given isn't what it works on; the message says all there is to say. */
final class RefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        this(message, null);
    }

    RefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
