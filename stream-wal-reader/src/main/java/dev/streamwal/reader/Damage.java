package dev.streamwal.reader;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A damaged part of a segment. Immutable.
 *
 * @since 1.0
 */
public final class Damage {

    private final Path file;
    private final String key;
    private final long offset;
    private final long length;
    private final String reason;

    Damage(Path file, String key, long offset, long length, String reason) {
        this.file = file;
        this.key = key;
        this.offset = offset;
        this.length = length;
        this.reason = reason;
    }

    /** {@return the file that the segment is in} */
    public Path file() {
        return file;
    }

    /** {@return the key of the stream that it belongs to} */
    public String key() {
        return key;
    }

    /** {@return the offset in the file, bytes} */
    public long offset() {
        return offset;
    }

    /** {@return number of bytes up to the next record that verifies, or to the end of the data} */
    public long length() {
        return length;
    }

    /** {@return what is wrong there, with the values} */
    public String reason() {
        return reason;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof Damage other
                && file.equals(other.file)
                && key.equals(other.key)
                && offset == other.offset
                && length == other.length
                && reason.equals(other.reason);
    }

    @Override
    public int hashCode() {
        return Objects.hash(file, key, offset, length, reason);
    }

    @Override
    public String toString() {
        return "Damage[file=" + file + ", key=" + key + ", offset=" + offset + ", length=" + length + ", reason=" + reason + "]";
    }
}
