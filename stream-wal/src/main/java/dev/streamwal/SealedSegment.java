package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A complete segment: it has its footer, and nothing is appended to it any more. Immutable.
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
     * The stream that it belongs to.
     *
     * @return the stream's key; for a shared segment a NUL followed by {@code shared}, which is no program's key
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
     * The time from which it may be deleted.
     *
     * @return the end of its window plus the retention
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
