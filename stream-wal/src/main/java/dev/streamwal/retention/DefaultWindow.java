package dev.streamwal.retention;

import java.time.Duration;
import java.util.List;

/**
 * The default length of windows. Pure.
 *
 * <p>A window's records are compressed together first, and wait unpacked until it is over: shorter windows compress worse, and longer ones keep more
 * unpacked. Packs of a few windows then become one, by {@code MergePlan}.
 */
public final class DefaultWindow {

    private static final int PART = 100;

    private static final List<Duration> LENGTHS = List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(15), Duration.ofHours(1),
            Duration.ofHours(6), Duration.ofDays(1), Duration.ofDays(7));

    private DefaultWindow() {}

    /** A length that divides a day, or is a week: the one closest, by ratio, to a hundredth of the retention. */
    public static Duration of(Duration retention) {
        double wanted = Math.max(1, retention.toMillis()) / (double) PART;
        Duration nearest = LENGTHS.get(0);
        for (Duration length : LENGTHS) {
            if (ratio(length, wanted) < ratio(nearest, wanted)) {
                nearest = length;
            }
        }
        return nearest;
    }

    private static double ratio(Duration length, double wanted) {
        double millis = length.toMillis();
        return Math.max(millis, wanted) / Math.min(millis, wanted);
    }
}
