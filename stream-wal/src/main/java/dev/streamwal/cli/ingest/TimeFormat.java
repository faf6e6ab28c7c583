package dev.streamwal.cli.ingest;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;

/** How a file writes times: as ISO 8601, as a number, or by a pattern. Immutable. */
public final class TimeFormat {

    /** For the help. */
    public static final String SYNTAX = "iso (2024-05-01T12:00:00Z, 2024-05-01 12:00:00.5), s, ms, us or ns since 1970, or a pattern of"
            + " java.time.format.DateTimeFormatter (dd.MM.yyyy HH:mm)";

    private static final int ANNO_DOMINI = 1;

    private static final DateTimeFormatterBuilder ISO = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .optionalStart()
            .appendPattern("['T'][' ']")
            .append(DateTimeFormatter.ISO_LOCAL_TIME)
            .optionalStart()
            .appendOffsetId();

    /** What reads a text. */
    private interface Parser {
        RowTime parse(String text);
    }

    private final Parser parser;

    private TimeFormat(Parser parser) {
        this.parser = parser;
    }

    /**
     * @param name see {@link #SYNTAX}
     * @param zone of times that don't say theirs
     * @throws IllegalArgumentException where it is no format
     */
    public static TimeFormat of(String name, ZoneId zone) {
        for (EpochUnit unit : EpochUnit.values()) {
            if (name.equalsIgnoreCase(unit.name())) {
                return new TimeFormat(unit::parse);
            }
        }
        DateTimeFormatter formatter = (name.equalsIgnoreCase("iso") ? ISO : ofPattern(name))
                .toFormatter(Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);
        return new TimeFormat(text -> parse(formatter, zone, text));
    }

    /** So that years may be written {@code yyyy}, which alone are years of no era. */
    private static DateTimeFormatterBuilder ofPattern(String pattern) {
        return new DateTimeFormatterBuilder().appendPattern(pattern).parseDefaulting(ChronoField.ERA, ANNO_DOMINI);
    }

    private static RowTime parse(DateTimeFormatter formatter, ZoneId zone, String text) {
        TemporalAccessor parsed = formatter.parseBest(text, ZonedDateTime::from, LocalDateTime::from, LocalDate::from);
        if (parsed instanceof ZonedDateTime zoned) {
            return rowTime(zoned.toInstant(), text);
        }
        LocalDateTime local = parsed instanceof LocalDateTime time ? time : ((LocalDate) parsed).atStartOfDay();
        return rowTime(local.atZone(zone).toInstant(), text);
    }

    private static RowTime rowTime(Instant instant, String text) {
        try {
            return RowTime.of(instant, text);
        } catch (ArithmeticException e) {
            throw new DateTimeException("a time fits 64 bits of milliseconds: time=" + text, e);
        }
    }

    /** @throws DateTimeException where the text is no such time */
    RowTime parse(String text) {
        return parser.parse(text);
    }
}
