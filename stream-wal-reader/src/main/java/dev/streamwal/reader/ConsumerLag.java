package dev.streamwal.reader;

import java.util.Optional;

/**
 * How far a consumer lags behind in one stream, at the time of the call. Immutable.
 *
 * @since 1.0
 */
public final class ConsumerLag extends Snapshot<ConsumerLag.Fields> {

    record Fields(String key, long committed, long end, long behindBytes, Optional<LostRange> lost) {}

    ConsumerLag(String key, long committed, long end, long behindBytes, Optional<LostRange> lost) {
        super(new Fields(key, committed, end, behindBytes, lost));
    }

    /** {@return the key of the stream} */
    public String key() {
        return fields().key();
    }

    /** {@return the committed position: every record before it has been processed. The stream's first position if nothing was committed} */
    public long committed() {
        return fields().committed();
    }

    /** {@return the stream position where the data ends; the stream's first position if damage hides the end} */
    public long end() {
        return fields().end();
    }

    /**
     * {@return how many bytes of records lie between {@link #committed()} and {@link #end()}; fewer than their distance if the stream has skipped
     * positions}
     */
    public long behindBytes() {
        return fields().behindBytes();
    }

    /** {@return the range that was deleted before it was committed; empty if none is known} */
    public Optional<LostRange> lost() {
        return fields().lost();
    }
}
