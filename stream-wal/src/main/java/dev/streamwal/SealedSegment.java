package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A segment that is complete: nothing is appended to it any more, and it has its footer. Immutable.
 *
 * @since 1.0
 */
public final class SealedSegment extends Snapshot<SealedSegment.Fields> {

    record Fields(Path path, String key, long firstPosition, long endPosition, Instant expiration, long bytes) {}

    SealedSegment(Fields fields) {
        super(fields);
    }

    /**
     * The file.
     *
     * @return the path, below the log's root
     */
    public Path path() {
        return fields().path();
    }

    /**
     * Whose records it has.
     *
     * @return the stream's key
     */
    public String key() {
        return fields().key();
    }

    /**
     * Where its first record begins.
     *
     * @return a stream position
     */
    public long firstPosition() {
        return fields().firstPosition();
    }

    /**
     * Where its last record ends.
     *
     * @return a stream position
     */
    public long endPosition() {
        return fields().endPosition();
    }

    /**
     * From when on it may be deleted.
     *
     * @return the end of its window, and the retention
     */
    public Instant expiration() {
        return fields().expiration();
    }

    /**
     * How large the file is.
     *
     * @return bytes
     */
    public long bytes() {
        return fields().bytes();
    }
}
