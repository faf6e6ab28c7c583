package dev.streamwal.storage;

import dev.streamwal.files.ProcessLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** The right to write a log: see {@link ProcessLock}. */
public final class WriterLock {

    public static final String FILE_NAME = "LOCK";

    private WriterLock() {}

    /**
     * @param root an existing directory
     * @throws ProcessLock.HeldException where somebody writes the log already; that one keeps its lock
     * @throws IOException where {@code root} isn't a directory that files can be made in
     */
    public static ProcessLock acquire(Path root) throws IOException, ProcessLock.HeldException {
        if (!Files.isDirectory(root)) {
            throw new NotDirectoryException(root + " (a log's root is a directory)");
        }
        return ProcessLock.acquire(root.toRealPath().resolve(FILE_NAME));
    }
}
