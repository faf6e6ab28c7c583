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

    /**
     * Where the pack was.
     *
     * @return the path, below the log's root, of the file that was deleted
     */
    public Path path() {
        return fields().path();
    }

    /**
     * Where the tier is.
     *
     * @return its location, as text for messages
     */
    public String tier() {
        return fields().tier();
    }

    /**
     * What the pack is called in the tier.
     *
     * @return the object's name
     */
    public String object() {
        return fields().object();
    }

    /**
     * Where the first window of the pack begins.
     *
     * @return a time, inclusive
     */
    public Instant windowStart() {
        return fields().windowStart();
    }

    /**
     * Where the last window of the pack ends.
     *
     * @return a time, exclusive
     */
    public Instant windowEnd() {
        return fields().windowEnd();
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
}
