package dev.streamwal.cli;

import dev.streamwal.io.IoFailure;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The results can't be written. */
final class OutputFailedException extends UncheckedIOException {

    private static final long serialVersionUID = 1L;

    private final boolean closedByReader;

    OutputFailedException(IOException cause) {
        super("the results can't be written to standard output: " + cause.getMessage(), cause);
        this.closedByReader = IoFailure.isBrokenPipe(cause);
    }

    /** Whether the program that reads the output has ended its input, as {@code head} does: no error. */
    boolean isClosedByReader() {
        return closedByReader;
    }
}
