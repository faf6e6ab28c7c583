package dev.streamwal.cli.ingest;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A row of a file that can't become a record. */
public final class BadRowException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * Made by who reads the file, or appends.
     *
     * @param problem what is wrong, with the values
     * @param file its name, as the user gave it
     * @param line where the row begins; from 1 on
     * @param cause what is behind this; null where nothing is
     */
    public BadRowException(String problem, String file, long line, @Nullable Throwable cause) {
        super(problem + ", file=" + file + ", line=" + line, cause);
    }
}
