package dev.streamwal.append;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/** Makes durable which files a stream has, and that its directory exists; if a force fails, the log fails. Thread-safe. */
final class DurableNames {

    private final LogContext log;
    private final Path directory;

    /** Whether the name of the stream's directory is durable, since it was created or the log was opened. */
    private volatile boolean directoryForced;

    DurableNames(LogContext log, Path directory) {
        this.log = log;
        this.directory = directory;
    }

    /** The caller keeps the directory from being deleted during the call. */
    void force() throws IOException {
        force(directory);
        if (!directoryForced) {
            forceParent();
            directoryForced = true;
        }
    }

    /** After a deletion: makes durable which files the stream has and, if its directory may be gone, whether the directory exists. */
    void forceDeletion(boolean directoryMayBeGone) throws IOException {
        if (forceDeletedFiles(directoryMayBeGone)) {
            forceParent();
        }
    }

    /** See {@link StreamLog#forceDeletedFiles}. */
    boolean forceDeletedFiles(boolean directoryMayBeGone) throws IOException {
        if (!directoryMayBeGone || Files.isDirectory(directory)) {
            try {
                force(directory);
            } catch (NoSuchFileException e) {
                // another thread or program has deleted the rest
                return true;
            }
        }
        return directoryMayBeGone;
    }

    /** Makes durable which streams have directories. */
    void forceParent() throws IOException {
        force(Objects.requireNonNull(directory.getParent(), "stream directory without a parent folder"));
    }

    private void force(Path folder) throws IOException {
        try {
            log.storage().forceDirectory(folder);
        } catch (IOException e) {
            throw log.forceFailed(folder, e);
        }
    }

    /** The directory is gone, or will be: if it is created again, its name has to be forced again. */
    void directoryGone() {
        directoryForced = false;
    }
}
