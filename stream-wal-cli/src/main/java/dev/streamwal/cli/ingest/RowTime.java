package dev.streamwal.cli.ingest;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * A time from a file.
 *
 * @param millis since the epoch; rounded down; empty if the file has none
 * @param exact whether nothing was cut off
 * @param doubtful whether it was a local time that stands for two instants, or for none, and one was chosen
 * @param missing whether the row has none itself, though rows of the file have; then this is the row's before, if there is one
 * @param text as written in the file
 */
public record RowTime(OptionalLong millis, boolean exact, boolean doubtful, boolean missing, String text) {

    private static final int NANOS_PER_MILLI = 1_000_000;

    /** For files without times. */
    public static final RowTime NONE = new RowTime(OptionalLong.empty(), true, false, false, "");

    /** A time that is not doubtful. */
    RowTime(OptionalLong millis, boolean exact, String text) {
        this(millis, exact, false, false, text);
    }

    /** @throws ArithmeticException if it is out of the range of milliseconds */
    static RowTime of(Instant instant, boolean doubtful, String text) {
        return new RowTime(OptionalLong.of(instant.toEpochMilli()), instant.getNano() % NANOS_PER_MILLI == 0, doubtful, false, text);
    }

    /** For a row behind this one that has none itself. */
    RowTime forNext() {
        return new RowTime(millis, exact, doubtful, true, text);
    }
}
