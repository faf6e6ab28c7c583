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
            throw new NotDirectoryException(root.toString());
        }
        Path directory = root.toRealPath();
        ProcessLock lock = acquireFile(directory);
        OptionalLong living = WriterFile.living(directory);
        if (living.isEmpty()) {
            return lock;
        }
        lock.close();
        throw new ProcessLock.HeldException("in another process, which has lost its lock on the file " + FILE_NAME + ": pid=" + living.getAsLong(),
                "close it in that process, or, if that process certainly doesn't write the log, remove the file " + WriterFile.FILE_NAME);
    }

    /** Names the other process that has the lock, if that process has noted its id. */
    private static ProcessLock acquireFile(Path directory) throws IOException, ProcessLock.HeldException {
        try {
            return ProcessLock.acquire(directory.resolve(FILE_NAME));
        } catch (ProcessLock.HeldException e) {
            OptionalLong living = e.byThisProcess() ? OptionalLong.empty() : WriterFile.living(directory);
            if (living.isEmpty()) {
                throw e;
            }
            throw new ProcessLock.HeldException(e.getMessage() + ": pid=" + living.getAsLong(), e.advice());
        }
    }
}
