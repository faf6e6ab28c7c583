package dev.streamwal.append;

import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/** Which files a stream has, and that it has a directory at all: made durable. Thread-safe. */
final class DurableNames {

    private final SegmentStorage storage;
    private final Path directory;

    /** Whether the name of the stream's directory is durable, since it was made or the log was opened. */
    private volatile boolean directoryForced;

    DurableNames(SegmentStorage storage, Path directory) {
        this.storage = storage;
        this.directory = directory;
    }

    /** For who keeps the directory from being deleted meanwhile. */
    void force() throws IOException {
        storage.forceDirectory(directory);
        if (!directoryForced) {
            forceParent();
            directoryForced = true;
        }
    }

    /** After a deletion: which files the stream has, and, where that may have changed, that its directory is there or gone. */
    void forceDeletion(boolean directoryMayBeGone) throws IOException {
        boolean isGone = directoryMayBeGone;
        if (!isGone || Files.isDirectory(directory)) {
            try {
                storage.forceDirectory(directory);
            } catch (NoSuchFileException e) {
                // somebody else has deleted the rest
                isGone = true;
            }
        }
        if (isGone) {
            forceParent();
        }
    }

    private void forceParent() throws IOException {
        storage.forceDirectory(Objects.requireNonNull(directory.getParent(), "stream directory without a parent folder"));
    }

    /** The directory is gone, or about to go: should it be made again, its name is to be forced again. */
    void directoryGone() {
        directoryForced = false;
    }
}
