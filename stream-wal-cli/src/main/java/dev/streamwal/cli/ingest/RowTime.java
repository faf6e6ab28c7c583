package dev.streamwal.cli.ingest;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * A time as a file has it.
 *
 * @param millis since the epoch; what is finer is cut off, towards the past; empty where the file has none
 * @param exact whether nothing was cut off
 * @param doubtful whether it was a local time that stands for two instants, or for none, and one was chosen
 * @param text as it stands in the file
 */
public record RowTime(OptionalLong millis, boolean exact, boolean doubtful, String text) {

    private static final int NANOS_PER_MILLI = 1_000_000;

    /** Where the file says nothing. */
    public static final RowTime NONE = new RowTime(OptionalLong.empty(), true, false, "");

    /** One that is not doubtful. */
    RowTime(OptionalLong millis, boolean exact, String text) {
        this(millis, exact, false, text);
    }

    /** @throws ArithmeticException where milliseconds have no number for it */
    static RowTime of(Instant instant, boolean doubtful, String text) {
        return new RowTime(OptionalLong.of(instant.toEpochMilli()), instant.getNano() % NANOS_PER_MILLI == 0, doubtful, text);
    }
}
