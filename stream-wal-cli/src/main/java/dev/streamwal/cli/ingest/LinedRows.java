package dev.streamwal.cli.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Rows of a text file, at most one a line. */
abstract class LinedRows implements Rows {

    private final CountedInput input;
    private final BoundedLines lines;
    private final String file;

    /**
     * @param input closed with this
     * @param file its name, for messages
     */
    LinedRows(InputStream input, String file, int maxLineBytes) {
        this.input = new CountedInput(input);
        this.lines = new BoundedLines(new UnmarkedInput(this.input), file, maxLineBytes);
        this.file = file;
    }

    /** The next line; null at the end. */
    final @Nullable String nextLine() throws IOException {
        return lines.next();
    }

    /** Where the line is that was read last. */
    final String place() {
        return BadRowException.place(lines.number());
    }

    /** The row that was read last is no row. */
    final BadRowException bad(String problem, @Nullable Throwable cause) {
        return new BadRowException(problem, file, lines.number(), cause);
    }

    /** @param time throws a {@link DateTimeException} if there is none */
    final RowTime time(Supplier<RowTime> time) throws BadRowException {
        try {
            return time.get();
        } catch (DateTimeException e) {
            throw bad("invalid time: " + e.getMessage(), e);
        }
    }

    @Override
    public final long bytesRead() {
        return input.bytes();
    }

    @Override
    public final void close() throws IOException {
        lines.close();
    }
}
