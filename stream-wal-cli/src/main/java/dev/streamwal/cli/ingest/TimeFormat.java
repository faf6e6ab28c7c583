package dev.streamwal.cli.ingest;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.time.zone.ZoneOffsetTransition;
import java.util.List;
import java.util.Locale;

/** The format of a file's times: ISO 8601, a number, or a pattern. Immutable. */
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

    /** Parses a text. */
    private interface Parser {
        RowTime parse(String text);
    }

    private final Parser parser;

    private TimeFormat(Parser parser) {
        this.parser = parser;
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
                return new TimeFormat(unit::parse);
            }
        }
        DateTimeFormatter formatter = (name.equalsIgnoreCase("iso") ? ISO : ofPattern(name))
                .toFormatter(Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);
        return new TimeFormat(text -> parse(formatter, zone, doubtful, text));
    }

    /** Allows years to be written {@code yyyy}, which alone are years without an era. */
    private static DateTimeFormatterBuilder ofPattern(String pattern) {
        return new DateTimeFormatterBuilder().appendPattern(pattern).parseDefaulting(ChronoField.ERA, ANNO_DOMINI);
    }

    private static RowTime parse(DateTimeFormatter formatter, ZoneId zone, DoubtfulTime doubtful, String text) {
        TemporalAccessor parsed = formatter.parse(text);
        ZoneId own = parsed.query(TemporalQueries.zone());
        LocalDate date = LocalDate.from(parsed);
        LocalTime time = parsed.query(TemporalQueries.localTime());
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

    /** @throws DateTimeException if the text is not such a time */
    RowTime parse(String text) {
        return parser.parse(text);
    }
}
