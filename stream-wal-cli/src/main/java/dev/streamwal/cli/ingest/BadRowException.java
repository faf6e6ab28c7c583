package dev.streamwal.cli.ingest;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A row of a file that can't become a record. */
public final class BadRowException extends IOException {

    private static final long serialVersionUID = 1L;

    private final boolean ofFile;

    /**
     * A row that lacks something.
     *
     * @param problem what is wrong, with the values
     * @param file its name, as the user gave it
     * @param place in the file, where the row begins
     * @param advice what to do about it
     */
    public BadRowException(String problem, String file, String place, String advice) {
        this(problem + ", file=" + file + ", " + place + "; " + advice, (Throwable) null);
    }

    /**
     * A row that the log refuses, with the refusal's own message at the end, as that may say what to do.
     *
     * @param file its name, as the user gave it
     * @param place in the file, where the row begins
     */
    public BadRowException(String file, String place, RuntimeException refusal) {
        this("row is refused, file=" + file + ", " + place + ": " + refusal.getMessage(), refusal);
    }

    /** A row of a text file: from line 1 on. */
    BadRowException(String problem, String file, long line, @Nullable Throwable cause) {
        this(problem + ", file=" + file + ", " + place(line), cause);
    }

    /** For a problem that includes its place. */
    BadRowException(String problem, @Nullable Throwable cause) {
        this(problem, cause, false);
    }

    private BadRowException(String problem, @Nullable Throwable cause, boolean ofFile) {
        super(problem, cause);
        this.ofFile = ofFile;
    }

    /** For a file of which no row can become a record, with the line that says so. */
    static BadRowException ofFile(String problem, String file, long line) {
        return new BadRowException(problem + ", file=" + file + ", " + place(line), null, true);
    }

    /** Whether all rows of the file are concerned, so that leaving this one out doesn't help. */
    public boolean isOfFile() {
        return ofFile;
    }

    /** In a text file. */
    static String place(long line) {
        return "line=" + line;
    }
}
