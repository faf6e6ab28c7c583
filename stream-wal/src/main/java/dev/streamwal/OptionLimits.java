package dev.streamwal;

import dev.streamwal.retention.StreamPolicy;
import java.time.Duration;
import java.util.Objects;

/**
 * What a single option's value may be. A value outside could never be right, so that the call which gives it throws.
 */
final class OptionLimits {

    static final Duration MAX_WINDOW = Duration.ofMillis(StreamPolicy.MAX_WINDOW_MILLIS);
    static final Duration MAX_RETENTION = Duration.ofMillis(StreamPolicy.MAX_RETENTION_MILLIS);

    /** Whoever may lose more than a day's records wants {@link Durability#BUFFERED}. */
    static final Duration MAX_FLUSH_INTERVAL = Duration.ofDays(1);

    private OptionLimits() {}

    static Duration window(Duration window) {
        return span("window", window, Duration.ofMillis(1), MAX_WINDOW);
    }

    static Duration retention(Duration retention) {
        return span("retention", retention, Duration.ZERO, MAX_RETENTION);
    }

    static Duration flushInterval(Duration interval) {
        return span("flushInterval", interval, Duration.ofMillis(1), MAX_FLUSH_INTERVAL);
    }

    /** Between the two, and in whole milliseconds, the unit of everything on disk. */
    static Duration span(String name, Duration value, Duration least, Duration most) {
        Objects.requireNonNull(value, name);
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0 || value.getNano() % 1_000_000 != 0) {
            throw new IllegalArgumentException(name + " is " + least.toMillis() + " ms to " + most.toDays()
                    + (most.toDays() == 1 ? " day" : " days") + ", in whole milliseconds: " + name + "=" + value);
        }
        return value;
    }

    static int segmentBytes(int bytes) {
        return count("segmentBytes", bytes, StreamPolicy.MIN_SEGMENT_BYTES, StreamPolicy.MAX_SEGMENT_BYTES);
    }

    static int count(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " is " + least + " to " + most + ": " + name + "=" + value);
        }
        return value;
    }

    static long maxBytes(String name, long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    name + " is 1 or more; leave it out for no limit: " + name + "=" + bytes);
        }
        return bytes;
    }
}
