package dev.streamwal.lookup;

import java.time.Instant;
import java.util.OptionalLong;

/** Where the caller wants a scan or a tail to begin in its stream. {@link ScanStart} finds the place. */
public sealed interface ScanBegin {

    /** With the oldest record. Records deleted before it don't count as missed. */
    record Oldest() implements ScanBegin {}

    /**
     * At a position that the caller has reached: where a record starts or ends, or 0. A scan begins with the first record left from there on; a
     * tail reports those that were deleted.
     */
    record At(long position) implements ScanBegin {}

    /** At a position before which a consumer has processed every record. {@link ScanStart} says what that changes. */
    record Committed(long position, String consumer) implements ScanBegin {}

    /**
     * With the beginning of a stream that had no segment when the log began at {@code logStart}. Deleted records are reported, unless the stream
     * may have begun with its present first segment.
     */
    record NewStream(long logStart) implements ScanBegin {}

    /** With the first record, in order of position, whose timestamp is at or after an instant; after the last record if there is none. */
    record Time(Instant instant) implements ScanBegin {}

    /** After the last record. */
    record End() implements ScanBegin {}

    /** The position that the caller has reached, if it gives one. */
    default OptionalLong reached() {
        if (this instanceof At at) {
            return OptionalLong.of(at.position());
        }
        return this instanceof Committed committed ? OptionalLong.of(committed.position()) : OptionalLong.empty();
    }
}
