package dev.streamwal.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.time.InstantSource;

/**
 * What a command sees of the process that it runs in.
 *
 * @param in what it may read
 * @param out where its results go; throws where they can't be written
 * @param err where it says what went wrong, and shows progress
 * @param interactive whether somebody watches {@code err}
 * @param clock what time it is
 */
record CommandContext(InputStream in, OutputStream out, PrintWriter err, boolean interactive, InstantSource clock) {

    /** One that has nothing to read. */
    CommandContext(OutputStream out, PrintWriter err, boolean interactive, InstantSource clock) {
        this(InputStream.nullInputStream(), out, err, interactive, clock);
    }

    /** Tells of something that is wrong, in a line that can be shown. */
    void complain(String problem) {
        err.println("stream-wal: " + TerminalText.escape(problem));
        err.flush();
    }
}
