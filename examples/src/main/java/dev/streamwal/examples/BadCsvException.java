package dev.streamwal.examples;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file isn't a valid series. The message says what is wrong, in which file, on which line. */
final class BadCsvException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadCsvException(String problem, Path file, long line, @Nullable Throwable cause) {
        super(problem + ", file=" + file + ", line=" + line, cause);
    }
}
