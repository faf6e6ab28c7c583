package dev.streamwal.cli;

import dev.streamwal.format.MessageText;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.time.InstantSource;

/**
 * A command's view of its process.
 *
 * @param in input that it may read
 * @param out output for its results; throws if they can't be written
 * @param err output for errors and progress
 * @param interactive whether {@code err} is shown to a user
 * @param clock the current time
 */
record CommandContext(InputStream in, OutputStream out, PrintWriter err, boolean interactive, InstantSource clock) {

    /** A context without input. */
    CommandContext(OutputStream out, PrintWriter err, boolean interactive, InstantSource clock) {
        this(InputStream.nullInputStream(), out, err, interactive, clock);
    }

    /** Reports a problem, as one displayable line. */
    void complain(String problem) {
        err.println("stream-wal: " + MessageText.of(MessageText.withoutNextCall(problem)));
        err.flush();
    }
}
