package dev.streamwal.backup;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** The name of a point: its time in UTC, so that names are in the order of times, and digits that distinguish two points of the same time. */
record PointName(Instant time, String suffix) implements Comparable<PointName> {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final int SUFFIX_DIGITS = 8;

    static PointName next(Instant now) {
        return new PointName(Instant.ofEpochMilli(now.toEpochMilli()), UUID.randomUUID().toString().substring(0, SUFFIX_DIGITS));
    }

    /** Empty for every text that isn't a name. */
    static Optional<PointName> parse(String text) {
        int dash = text.indexOf('-');
        try {
            PointName name = dash < 0 ? null : new PointName(Instant.from(TIME.parse(text.substring(0, dash))), text.substring(dash + 1));
            return Optional.ofNullable(name).filter(found -> found.suffix.matches("[0-9a-f]{8}") && found.toString().equals(text));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    @Override
    public int compareTo(PointName other) {
        int byTime = time.compareTo(other.time);
        return byTime != 0 ? byTime : suffix.compareTo(other.suffix);
    }

    @Override
    public String toString() {
        return TIME.format(time) + '-' + suffix;
    }
}
