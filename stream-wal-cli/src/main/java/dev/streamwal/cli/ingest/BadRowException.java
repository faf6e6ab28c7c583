package dev.streamwal.cli.ingest;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A row of a file that can't become a record. */
public final class BadRowException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * Thrown by readers of files, and when appending.
     *
     * @param problem what is wrong, with the values
     * @param file its name, as the user gave it
     * @param place in the file, where the row begins
     * @param cause of this; null if there is none
     */
    public BadRowException(String problem, String file, String place, @Nullable Throwable cause) {
        this(problem + ", file=" + file + ", " + place, cause);
    }

    /** A row of a text file: from line 1 on. */
    BadRowException(String problem, String file, long line, @Nullable Throwable cause) {
        this(problem, file, place(line), cause);
    }

    /** For a problem that includes its place. */
    BadRowException(String problem, @Nullable Throwable cause) {
        super(problem, cause);
    }

    /** In a text file. */
    static String place(long line) {
        return "line=" + line;
    }
}
