package dev.streamwal.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of a log that fails for a while: in its place there is a file. */
public final class LogAway implements AutoCloseable {
    private final Path folder;
    private final Path away;

    private LogAway(Path folder, Path away) {
        this.folder = folder;
        this.away = away;
    }

    /** Until it is closed, nothing is read. */
    public static LogAway segments(Path log) throws IOException {
        return of(log, "segments");
    }

    /** Until it is closed, no consumer can commit. */
    public static LogAway cursors(Path log) throws IOException {
        return of(log, "cursors");
    }

    private static LogAway of(Path log, String name) throws IOException {
        Path folder = log.resolve(name);
        LogAway taken = new LogAway(folder, Files.move(folder, log.resolve("away")));
        Files.writeString(folder, "no folder");
        return taken;
    }

    @Override
    public void close() throws IOException {
        Files.delete(folder);
        Files.move(away, folder);
    }
}
