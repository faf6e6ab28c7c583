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

    /** {@return the path of the file, below the log's root} */
    public Path path() {
        return fields().path();
    }

    /** {@return the key of the stream that it belongs to; for a shared segment a NUL followed by {@code shared}, which is no program's key} */
    public String key() {
        return fields().key();
    }

    /** {@return the stream position where its first record begins} */
    public long firstPosition() {
        return fields().firstPosition();
    }

    /** {@return the stream position where its last record ends} */
    public long endPosition() {
        return fields().endPosition();
    }

    /** {@return the time from which it may be deleted: the end of its window plus the retention} */
    public Instant expiration() {
        return fields().expiration();
    }

    /** {@return how large the file is, in bytes} */
    public long bytes() {
        return fields().bytes();
    }
}
