package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A pack that was moved to the log's tier: it was copied, the copy was read back and recorded, and the pack's own file was deleted. Immutable.
 *
 * @since 1.0
 */
public final class TieredPack extends Snapshot<TieredPack.Fields> {

    record Fields(Path path, String tier, String object, Instant windowStart, Instant windowEnd, long segments, long bytes) {}

    TieredPack(Fields fields) {
        super(fields);
    }

    /** {@return where the pack was: the path, below the log's root, of the file that was deleted} */
    public Path path() {
        return fields().path();
    }

    /** {@return where the tier is, as text for messages} */
    public String tier() {
        return fields().tier();
    }

    /** {@return the name of the pack's object in the tier} */
    public String object() {
        return fields().object();
    }

    /** {@return where the first window of the pack begins, inclusive} */
    public Instant windowStart() {
        return fields().windowStart();
    }

    /** {@return where the last window of the pack ends, exclusive} */
    public Instant windowEnd() {
        return fields().windowEnd();
    }

    /** {@return how many segments the pack has} */
    public long segments() {
        return fields().segments();
    }

    /** {@return how large the pack is, in bytes} */
    public long bytes() {
        return fields().bytes();
    }
}
