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

    /** {@return the path of the merged pack, below the log's root} */
    public Path path() {
        return fields().path();
    }

    /** {@return where the first window begins, inclusive} */
    public Instant windowStart() {
        return fields().windowStart();
    }

    /** {@return where the last window ends, or the span of time for which packs are merged, exclusive} */
    public Instant windowEnd() {
        return fields().windowEnd();
    }

    /** {@return how many packs were merged} */
    public int packs() {
        return fields().packs();
    }

    /** {@return how many segments the pack has} */
    public long segments() {
        return fields().segments();
    }

    /** {@return how large the pack is, in bytes} */
    public long bytes() {
        return fields().bytes();
    }

    /** {@return the size of the packs before the merge, in bytes} */
    public long bytesBefore() {
        return fields().bytesBefore();
    }
}
