package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Packs that have become one: of a window, or of several windows where these are short beside the retention. Immutable.
 *
 * @since 1.0
 */
public final class MergedPacks extends Snapshot<MergedPacks.Fields> {

    record Fields(Path path, Instant windowStart, Instant windowEnd, int packs, long segments, long bytes, long bytesBefore) {}

    MergedPacks(Fields fields) {
        super(fields);
    }

    /**
     * The pack that they are now.
     *
     * @return the path, below the log's root
     */
    public Path path() {
        return fields().path();
    }

    /**
     * Where the first window begins.
     *
     * @return a time, inclusive
     */
    public Instant windowStart() {
        return fields().windowStart();
    }

    /**
     * Where the last window ends, or the time for which packs are merged.
     *
     * @return a time, exclusive
     */
    public Instant windowEnd() {
        return fields().windowEnd();
    }

    /**
     * How many packs have become one.
     *
     * @return their number
     */
    public int packs() {
        return fields().packs();
    }

    /**
     * How many segments the pack has.
     *
     * @return their number
     */
    public long segments() {
        return fields().segments();
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
     * How large the packs were of which it was made.
     *
     * @return bytes
     */
    public long bytesBefore() {
        return fields().bytesBefore();
    }
}
