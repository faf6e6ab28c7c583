package dev.streamwal.storage;

import dev.streamwal.format.PositionsLayout;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What tells one run of the machine's kernel from the next. */
public final class BootId {

    private BootId() {}

    /**
     * Empty where the system doesn't say (it isn't Linux, or hides {@code /proc}): then nobody can know whether the
     * machine was restarted.
     */
    public static Optional<String> ofThisMachine() {
        return read(FileSystems.getDefault().getPath("/proc/sys/kernel/random/boot_id"));
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
