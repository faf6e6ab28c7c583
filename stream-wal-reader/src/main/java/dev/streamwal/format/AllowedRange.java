package dev.streamwal.format;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.time.Duration;
import java.util.Objects;

/** Checks that what a program gives is in the allowed range, whose ends belong to it. */
public final class AllowedRange {

    private AllowedRange() {}

    /** @return the value */
    @CanIgnoreReturnValue
    public static int check(String name, int value, int min, int max) {
        return (int) check(name, (long) value, min, max);
    }

    /** @return the value */
    @CanIgnoreReturnValue
    public static long check(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw outside(name, value < min ? "small" : "large", value, min, max);
        }
        return value;
    }

    /** @return the value */
    @CanIgnoreReturnValue
    public static Duration check(String name, Duration value, Duration min, Duration max) {
        Objects.requireNonNull(value, name);
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw outside(name, value.compareTo(min) < 0 ? "short" : "long", value, min, max);
        }
        return value;
    }

    private static IllegalArgumentException outside(String name, String fault, Object value, Object min, Object max) {
        return new IllegalArgumentException(name + " is too " + fault + ": " + name + '=' + value + ", min=" + min + ", max=" + max
                + "; choose a value in that range");
    }
}
