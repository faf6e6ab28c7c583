package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Small segments, or streams' records in shared segments, that were copied into one file, a pack, and are in no other file any more. Immutable.
 *
 * @since 1.0
 */
public final class PackedSegments extends Snapshot<PackedSegments.Fields> {

    record Fields(
            Path path, Instant windowStart, Instant windowEnd, Instant expiration, long segments, long records, long bytes,
            long bytesBefore) {}

    PackedSegments(Fields fields) {
        super(fields);
    }

    /** {@return the path of the pack, below the log's root} */
    public Path path() {
        return fields().path();
    }

    /** {@return where the segments' window begins, inclusive} */
    public Instant windowStart() {
        return fields().windowStart();
    }

    /** {@return where the segments' window ends, exclusive} */
    public Instant windowEnd() {
        return fields().windowEnd();
    }

    /** {@return the time from which the segments may be deleted: the end of their window plus the retention} */
    public Instant expiration() {
        return fields().expiration();
    }

    /** {@return how many segments were packed} */
    public long segments() {
        return fields().segments();
    }

    /** {@return how many records they have} */
    public long records() {
        return fields().records();
    }

    /** {@return how large the pack is, in bytes} */
    public long bytes() {
        return fields().bytes();
    }

    /** {@return how large the segments' files were, in bytes; for shared segments, whose files also have records of other packs, {@link #bytes()}} */
    public long bytesBefore() {
        return fields().bytesBefore();
    }
}
