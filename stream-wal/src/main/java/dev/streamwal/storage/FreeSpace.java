package dev.streamwal.storage;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How much room is left on the disk of a log. Asking takes a call of the system, a microsecond or two. Thread-safe. */
public final class FreeSpace {

    /** For a disk that can't be asked. */
    public static final FreeSpace UNKNOWN = new FreeSpace(null);

    private final @Nullable FileStore store;

    private FreeSpace(@Nullable FileStore store) {
        this.store = store;
    }

    /** The room on the file system that has a folder. Finding it reads the system's list of file systems: do it once. */
    public static FreeSpace of(Path folder) {
        try {
            FileStore store = Files.getFileStore(folder);
            // file systems that don't know say that they have nothing at all
            return store.getTotalSpace() > 0 ? new FreeSpace(store) : UNKNOWN;
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** What this process may still write, in bytes; {@code Long.MAX_VALUE} if the disk doesn't say. */
    public long bytes() {
        try {
            return store == null ? Long.MAX_VALUE : store.getUsableSpace();
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }
}
