package dev.streamwal.backup;

import java.nio.file.Path;

/**
 * A file of a backup that is missing, or isn't what was written. Immutable and thread-safe.
 *
 * @since 1.0
 */
public final class BackupDamage {

    private final Path file;
    private final String reason;

    BackupDamage(Path file, String reason) {
        this.file = file;
        this.reason = reason;
    }

    /** {@return the file in the backup's folder} */
    public Path file() {
        return file;
    }

    /** {@return what is wrong with it} */
    public String reason() {
        return reason;
    }

    @Override
    public String toString() {
        return reason + ", file=" + file;
    }
}
