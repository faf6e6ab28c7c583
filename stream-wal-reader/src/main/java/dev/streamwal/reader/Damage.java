package dev.streamwal.reader;

import java.nio.file.Path;

/**
 * A damaged part of a segment. Immutable.
 *
 * @since 1.0
 */
public final class Damage extends Snapshot<Damage.Fields> {

    record Fields(Path file, String key, long offset, long length, String reason) {}

    Damage(Path file, String key, long offset, long length, String reason) {
        super(new Fields(file, key, offset, length, reason));
    }

    /** {@return the file that the segment is in} */
    public Path file() {
        return fields().file();
    }

    /** {@return the key of the stream that it belongs to} */
    public String key() {
        return fields().key();
    }

    /** {@return the offset in the file, bytes} */
    public long offset() {
        return fields().offset();
    }

    /** {@return number of bytes up to the next record that verifies, or to the end of the data; 0 if no record is damaged} */
    public long length() {
        return fields().length();
    }

    /** {@return what is wrong there, with the values} */
    public String reason() {
        return fields().reason();
    }
}
