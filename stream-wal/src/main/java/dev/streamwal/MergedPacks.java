package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Packs that were merged into one: of one window, or of several windows if these are short beside the retention. Immutable.
 *
 * @since 1.0
 */
public final class MergedPacks extends Snapshot<MergedPacks.Fields> {

    record Fields(Path path, Instant windowStart, Instant windowEnd, int packs, long segments, long bytes, long bytesBefore) {}

    MergedPacks(Fields fields) {
        super(fields);
    }

    /**
     * The merged pack.
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
     * Where the last window ends, or the span of time for which packs are merged.
     *
     * @return a time, exclusive
     */
    public Instant windowEnd() {
        return fields().windowEnd();
    }

    /**
     * How many packs were merged.
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
     * Size of the packs before the merge.
     *
     * @return bytes
     */
    public long bytesBefore() {
        return fields().bytesBefore();
    }
}
