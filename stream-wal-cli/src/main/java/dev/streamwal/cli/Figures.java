package dev.streamwal.cli;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Locale;

/**
 * Formats sizes, rates and times for people; the same in every locale. Without {@link String#format}, whose first use takes as long as listing a
 * small log.
 */
final class Figures {

    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final int UNIT_STEP = 1_024;
    /** Smaller numbers have one decimal. */
    private static final int ROUNDED_FROM = 100;
    private static final int DIGITS_PER_GROUP = 3;

    private static final String[] DURATION_UNITS = {"ms", "s", "min", "h", "d"};
    private static final long[] DURATION_MILLIS = {1, 1_000, 60_000, 3_600_000, 86_400_000};

    private static final DateTimeFormatter MILLIS =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT).withZone(ZoneOffset.UTC);

    private Figures() {}

    /** {@code 999 B}, {@code 1.5 MiB}, {@code 640 KiB}. */
    static String bytes(long bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= UNIT_STEP && unit < BYTE_UNITS.length - 1) {
            value /= UNIT_STEP;
            unit++;
        }
        return (unit == 0 ? Long.toString(bytes) : rounded(value)) + ' ' + BYTE_UNITS[unit];
    }

    /** {@code 1,234,567}. */
    static String count(long count) {
        StringBuilder digits = new StringBuilder(Long.toString(count));
        for (int i = digits.length() - DIGITS_PER_GROUP; i > (count < 0 ? 1 : 0); i -= DIGITS_PER_GROUP) {
            digits.insert(i, ',');
        }
        return digits.toString();
    }

    /** {@code 1 record}, {@code 2,000 records}. */
    static String number(long count, String noun) {
        return count(count) + ' ' + noun + (count == 1 ? "" : "s");
    }

    /** {@code 12.5/s}, or, for low rates, {@code 3.0/min}, {@code 0.5/h}. */
    static String rate(double perSecond) {
        if (perSecond >= 1) {
            return rounded(perSecond) + "/s";
        }
        double perMinute = perSecond * 60;
        return perMinute >= 1 ? rounded(perMinute) + "/min" : rounded(perMinute * 60) + "/h";
    }

    /** {@code 1.5 KiB/s}, or, for less than a byte a second, {@code 24 B/min}, {@code 3 B/h}. */
    static String byteRate(double perSecond) {
        if (perSecond >= 1) {
            return bytes(Math.round(perSecond)) + "/s";
        }
        double perMinute = perSecond * 60;
        return perMinute >= 1 ? bytes(Math.round(perMinute)) + "/min" : bytes(Math.round(perMinute * 60)) + "/h";
    }

    /** {@code 250 ms}, {@code 1.5 s}, {@code 10 min}, {@code 2 h}, {@code 7 d}: with a decimal unless it is whole. */
    static String duration(long millis) {
        int unit = 0;
        while (unit < DURATION_UNITS.length - 1 && millis >= DURATION_MILLIS[unit + 1]) {
            unit++;
        }
        double value = (double) millis / DURATION_MILLIS[unit];
        boolean whole = millis % DURATION_MILLIS[unit] == 0;
        return (whole ? count(millis / DURATION_MILLIS[unit]) : rounded(value)) + ' ' + DURATION_UNITS[unit];
    }

    /** {@code 2024-05-01T12:00:00.000Z}: to the millisecond, in UTC. */
    static String time(long epochMillis) {
        return MILLIS.format(Instant.ofEpochMilli(epochMillis));
    }

    private static String rounded(double value) {
        if (value >= ROUNDED_FROM) {
            return count(Math.round(value));
        }
        long tenths = Math.round(value * 10);
        return tenths / 10 + "." + tenths % 10;
    }
}
