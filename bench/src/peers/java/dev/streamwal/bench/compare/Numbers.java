package dev.streamwal.bench.compare;

import java.util.Locale;

/** Figures as people read them. */
final class Numbers {

    private Numbers() {}

    /** Three digits, and a unit of thousands. */
    static String rate(double perSecond) {
        if (perSecond >= 1e6) {
            return digits(perSecond / 1e6) + " M";
        }
        return perSecond >= 1e4 ? digits(perSecond / 1e3) + " k" : digits(perSecond);
    }

    /** Three digits that count, none behind the point from 100 on. */
    static String digits(double value) {
        double absolute = Math.abs(value);
        if (absolute >= 99.95) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return String.format(Locale.ROOT, absolute >= 9.995 ? "%.1f" : "%.2f", value);
    }

    static String micros(double micros) {
        if (micros >= 999.5e3) {
            return digits(micros / 1e6) + " s";
        }
        return micros >= 999.5 ? digits(micros / 1e3) + " ms" : digits(micros) + " µs";
    }

    /** In percent, both ways. */
    static String spread(double[] sorted) {
        return sorted.length < 2 ? "" : String.format(Locale.ROOT, " ±%.0f %%", 100 * Measurements.spread(sorted));
    }
}
