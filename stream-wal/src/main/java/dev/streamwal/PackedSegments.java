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

    /**
     * The pack.
     *
     * @return the path, below the log's root
     */
    public Path path() {
        return fields().path();
    }

    /**
     * Where the segments' window begins.
     *
     * @return a time, inclusive
     */
    public Instant windowStart() {
        return fields().windowStart();
    }

    /**
     * Where the segments' window ends.
     *
     * @return a time, exclusive
     */
    public Instant windowEnd() {
        return fields().windowEnd();
    }

    /**
     * The time from which the segments may be deleted.
     *
     * @return the end of their window plus the retention
     */
    public Instant expiration() {
        return fields().expiration();
    }

    /**
     * How many segments were packed.
     *
     * @return their number
     */
    public long segments() {
        return fields().segments();
    }

    /**
     * How many records they have.
     *
     * @return their number
     */
    public long records() {
        return fields().records();
    }

    /**
     * How large the pack is.
     *
     * @return bytes
     */
    public long bytes() {
        return fields().bytes();
    }

    /**
     * How large the segments' files were.
     *
     * @return bytes; for shared segments, whose files also have records of other packs, {@link #bytes()}
     */
    public long bytesBefore() {
        return fields().bytesBefore();
    }
}
