package dev.streamwal.cli.ingest;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.time.zone.ZoneOffsetTransition;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;

/** The format of a file's times: ISO 8601, a number, or a pattern. Immutable. */
public final class TimeFormat {

    /** For the help. */
    public static final String SYNTAX = "iso (2024-05-01T12:00:00Z, 2024-05-01 12:00:00.5, 2024-05-01 12:00:00,5 +0200),"
            + " s, ms, us or ns since 1970, or a pattern of"
            + " java.time.format.DateTimeFormatter (dd.MM.yyyy HH:mm)";

    private static final int ANNO_DOMINI = 1;

    /** With the forms that logs have: a comma before the fraction, offsets without a colon or minutes, a blank before those with minutes. */
    private static final DateTimeFormatterBuilder ISO = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .optionalStart()
            .appendPattern("['T'][' ']HH:mm")
            .optionalStart()
            .appendPattern(":ss")
            .optionalStart().appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true).optionalEnd()
            .optionalStart().appendLiteral(',').appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, false).optionalEnd()
            .optionalEnd()
            .optionalStart().appendOffsetId().optionalEnd()
            .optionalStart().appendOffset("+HHmm", "Z").optionalEnd()
            .optionalStart().appendLiteral(' ').appendOffsetId().optionalEnd()
            .optionalStart().appendLiteral(' ').appendOffset("+HHMM", "Z");

    /** Parts of a time of day that are none without others. */
    private static final List<ChronoField> PARTS = List.of(ChronoField.HOUR_OF_AMPM, ChronoField.MINUTE_OF_HOUR, ChronoField.SECOND_OF_MINUTE);

    private static final ZonedDateTime AFTERNOON = ZonedDateTime.of(2001, 2, 3, 16, 5, 6, 0, ZoneOffset.UTC);

    private final Function<String, RowTime> parser;
    private final Predicate<String> days;

    private TimeFormat(Function<String, RowTime> parser, Predicate<String> days) {
        this.parser = parser;
        this.days = days;
    }

    /**
     * @param name see {@link #SYNTAX}
     * @param zone of times without one
     * @param doubtful what happens to local times that are two instants, or none
     * @throws IllegalArgumentException if it is not a format
     */
    public static TimeFormat of(String name, ZoneId zone, DoubtfulTime doubtful) {
        for (EpochUnit unit : EpochUnit.values()) {
            if (name.equalsIgnoreCase(unit.name())) {
                return new TimeFormat(unit::parse, text -> false);
            }
        }
        boolean iso = name.equalsIgnoreCase("iso");
        DateTimeFormatter formatter = (iso ? ISO : ofPattern(name)).toFormatter(Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);
        boolean timed = iso || hasTimeOfDay(formatter, name);
        return new TimeFormat(text -> parse(formatter, zone, doubtful, text), text -> timed && isDay(formatter.parse(text)));
    }

    /** Refuses an hour of twelve without the half of the day, and minutes without an hour: all times would be midnight. */
    private static boolean hasTimeOfDay(DateTimeFormatter formatter, String pattern) {
        TemporalAccessor parsed;
        try {
            parsed = formatter.parse(formatter.format(AFTERNOON));
        } catch (DateTimeException unknown) {
            return false;
        }
        if (isPartly(parsed)) {
            throw new IllegalArgumentException("pattern has parts of a time of day that make none: pattern=" + pattern
                    + "; hours are HH, or hh with a, and minutes and seconds need them");
        }
        return !isDay(parsed);
    }

    private static boolean isDay(TemporalAccessor parsed) {
        return parsed.query(TemporalQueries.localTime()) == null;
    }

    private static boolean isPartly(TemporalAccessor parsed) {
        return isDay(parsed) && PARTS.stream().anyMatch(parsed::isSupported);
    }

    /** Allows years to be written {@code yyyy}, which alone are years without an era. */
    private static DateTimeFormatterBuilder ofPattern(String pattern) {
        try {
            return new DateTimeFormatterBuilder().appendPattern(pattern).parseDefaulting(ChronoField.ERA, ANNO_DOMINI);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("neither a known format of times nor a pattern: format=" + pattern + ", because: " + e.getMessage()
                    + "; give " + SYNTAX, e);
        }
    }

    private static RowTime parse(DateTimeFormatter formatter, ZoneId zone, DoubtfulTime doubtful, String text) {
        TemporalAccessor parsed = formatter.parse(text);
        ZoneId own = parsed.query(TemporalQueries.zone());
        LocalDate date = LocalDate.from(parsed);
        LocalTime time = parsed.query(TemporalQueries.localTime());
        if (isPartly(parsed)) {
            throw new DateTimeException("time of day is incomplete: time=" + text);
        }
        ZoneId of = own == null ? zone : own;
        return time == null ? rowTime(date.atStartOfDay(of).toInstant(), false, text) : rowTime(date.atTime(time), of, doubtful, text);
    }

    private static RowTime rowTime(LocalDateTime local, ZoneId zone, DoubtfulTime doubtful, String text) {
        List<ZoneOffset> offsets = zone.getRules().getValidOffsets(local);
        if (offsets.size() == 1) {
            return rowTime(local.toInstant(offsets.get(0)), false, text);
        }
        ZoneOffsetTransition transition = zone.getRules().getTransition(local);
        Instant before = local.toInstant(transition.getOffsetBefore());
        Instant after = local.toInstant(transition.getOffsetAfter());
        return switch (doubtful) {
            case BAD -> throw new DateTimeException("local time is not a single instant, as clocks are put "
                    + (transition.isOverlap() ? "back, so that there are two" : "forward, so that there is none") + ": time=" + text + ", zone=" + zone
                    + ", earlier=" + earlier(before, after) + ", later=" + later(before, after));
            case EARLIER -> rowTime(earlier(before, after), true, text);
            case LATER -> rowTime(later(before, after), true, text);
        };
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private static Instant later(Instant one, Instant other) {
        return one.isBefore(other) ? other : one;
    }

    private static RowTime rowTime(Instant instant, boolean doubtful, String text) {
        try {
            return RowTime.of(instant, doubtful, text);
        } catch (ArithmeticException e) {
            throw new DateTimeException("time exceeds 64 bits of milliseconds: time=" + text, e);
        }
    }

    /** Whether a text that is such a time is a day alone, although the format has times of day. */
    boolean isDay(String text) {
        return days.test(text);
    }

    /** @throws DateTimeException if the text is not such a time */
    RowTime parse(String text) {
        return parser.apply(text);
    }
}
