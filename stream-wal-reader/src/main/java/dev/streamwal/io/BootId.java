package dev.streamwal.io;

import dev.streamwal.format.PositionsLayout;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Identifies one run of the machine's kernel. */
public final class BootId {

    private BootId() {}

    /** Empty if the system doesn't tell (it isn't Linux, or hides {@code /proc}): then it is unknown whether the machine was restarted. */
    public static Optional<String> ofThisMachine() {
        return of(FileSystems.getDefault());
    }

    /** As a file system tells it: one that isn't this machine's has none. */
    public static Optional<String> of(FileSystem files) {
        try {
            return read(files.getPath("/proc/sys/kernel/random/boot_id"));
        } catch (RuntimeException e) {
            // it has no such paths
            return Optional.empty();
        }
    }

    static Optional<String> read(Path file) {
        try {
            String id = Uninterrupted.run(() -> Files.readString(file)).strip();
            return id.isEmpty() || id.length() > PositionsLayout.MAX_BOOT_ID_BYTES ? Optional.empty() : Optional.of(id);
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
