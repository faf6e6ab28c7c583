package dev.streamwal.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A command's input isn't what it works on; the message says everything. */
final class RefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        this(message, null);
    }

    RefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
