package dev.streamwal.lookup;

import java.time.Instant;

/** Where a scan, or a tail, begins in its stream: what somebody asks for. {@link ScanStart} finds the place. */
public sealed interface ScanBegin {

    /** With the first record there is, whichever that is: nothing before it is missed. */
    record Oldest() implements ScanBegin {}

    /**
     * At a position that somebody has come to, 0 or any other: of a record, or where one ends. A scan begins with what is left of it; a tail
     * tells what isn't.
     */
    record At(long position) implements ScanBegin {}

    /** At a position up to which a consumer has done with everything. {@link ScanStart} says what that changes. */
    record Committed(long position, String consumer) implements ScanBegin {}

    /**
     * With the beginning of a stream that had no segment when the log began at {@code logStart}. What was deleted of it is told of, but where
     * the stream may have begun with what is its first segment now.
     */
    record NewStream(long logStart) implements ScanBegin {}

    /** With the first record, in order of position, whose timestamp is at or after an instant; behind the last record where there is none. */
    record Time(Instant instant) implements ScanBegin {}

    /** Behind the last record that there is. */
    record End() implements ScanBegin {}
}
