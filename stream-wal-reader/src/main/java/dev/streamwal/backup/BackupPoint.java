package dev.streamwal.backup;

import java.time.Instant;
import java.util.Objects;

/**
 * A backup that is complete: the log as it was, under a name in a {@link BackupFolder}. Immutable and thread-safe; equal to another one with the same name.
 *
 * @since 1.0
 */
public final class BackupPoint {

    private final String name;
    private final Instant time;
    private final int files;
    private final long bytes;

    BackupPoint(String name, Instant time, int files, long bytes) {
        this.name = name;
        this.time = time;
        this.files = files;
        this.bytes = bytes;
    }

    /** {@return its name, which begins with its time, so that names are in the order of times} */
    public String name() {
        return name;
    }

    /** {@return when the backup was begun, by the folder's clock; always after the time of the previous backup, even if the clock was set back} */
    public Instant time() {
        return time;
    }

    /** {@return how many files the log had} */
    public int files() {
        return files;
    }

    /** {@return the size of these files together, in bytes; a file that other points have too takes room only once} */
    public long bytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BackupPoint that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
