package dev.streamwal.engine;

import dev.streamwal.format.AllowedRange;
import dev.streamwal.retention.StreamPolicy;
import java.time.Duration;
import java.util.Objects;

/**
 * Allowed values of single options. A value outside could never be right, so the call that gives it throws.
 */
public final class OptionLimits {

    public static final Duration MAX_WINDOW = Duration.ofMillis(StreamPolicy.MAX_WINDOW_MILLIS);
    public static final Duration MAX_RETENTION = Duration.ofMillis(StreamPolicy.MAX_RETENTION_MILLIS);

    /** A program that may lose more than a day's records uses {@code BUFFERED}. */
    static final Duration MAX_FLUSH_INTERVAL = Duration.ofDays(1);

    private OptionLimits() {}

    public static Duration window(Duration window) {
        return span("window", window, Duration.ofMillis(1), MAX_WINDOW);
    }

    public static Duration retention(Duration retention) {
        return span("retention", retention, Duration.ZERO, MAX_RETENTION);
    }

    public static Duration flushInterval(Duration interval) {
        return span("flushInterval", interval, Duration.ofMillis(1), MAX_FLUSH_INTERVAL);
    }

    /** Checks the limits, and that the value is in whole milliseconds, the unit of everything on disk. */
    public static Duration span(String name, Duration value, Duration min, Duration max) {
        Objects.requireNonNull(value, name);
        if (value.getNano() % 1_000_000 != 0) {
            throw new IllegalArgumentException(name + " isn't a whole number of milliseconds: " + name + "=" + value + "; give whole milliseconds");
        }
        return AllowedRange.check(name, value, min, max);
    }

    public static int segmentBytes(int bytes) {
        return AllowedRange.check("segmentBytes", bytes, StreamPolicy.MIN_SEGMENT_BYTES, StreamPolicy.MAX_SEGMENT_BYTES);
    }

    public static long maxBytes(String name, long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    name + " is too small: " + name + "=" + bytes + ", min=1; leave it out for no limit");
        }
        return bytes;
    }

    /** For a consumer; can't be left out. */
    public static long maxHeldBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytes is too small: maxBytes=" + bytes + ", min=1; give Long.MAX_VALUE for no limit, or leave the consumer out");
        }
        return bytes;
    }
}
