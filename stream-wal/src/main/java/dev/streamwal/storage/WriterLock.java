package dev.streamwal.storage;

import dev.streamwal.io.LogIdentity;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The right to write a log: see {@link ProcessLock}, and {@link WriterFile} for what the lock alone can't guarantee. */
public final class WriterLock {

    public static final String FILE_NAME = LogIdentity.FILE_NAME;

    private WriterLock() {}

    /**
     * @param root an existing directory
     * @throws ProcessLock.HeldException if another process or instance writes the log already; it keeps its lock
     * @throws IOException if {@code root} isn't a directory that files can be created in
     */
    public static ProcessLock acquire(Path root) throws IOException, ProcessLock.HeldException {
        if (!Files.isDirectory(root)) {
            throw new NotDirectoryException(root + " (not a directory)");
        }
        Path directory = root.toRealPath();
        ProcessLock lock = ProcessLock.acquire(directory.resolve(FILE_NAME));
        OptionalLong living = WriterFile.living(directory);
        if (living.isEmpty()) {
            return lock;
        }
        lock.close();
        throw new ProcessLock.HeldException("another process has it, although it has lost the lock on " + FILE_NAME
                + ", as happens when something in it copies that file, or the file is removed: process=" + living.getAsLong(),
                "close it there, or, if that process certainly doesn't write the log, remove the file " + WriterFile.FILE_NAME);
    }
}
