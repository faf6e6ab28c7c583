package dev.streamwal.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A point in time as an argument: a date ({@code 2024-05-01}, {@code today}, {@code yesterday}, {@code tomorrow}), a time of that day or of today
 * ({@code 2024-05-01 14:00}, {@code yesterday 9:30}, {@code 14:00:05.250}), each in UTC, or with an offset or a zone behind it ({@code Z}, {@code
 * +02:00}, {@code Europe/Berlin}, in brackets or not); what ISO 8601 writes besides; epoch milliseconds; {@code now}; or how long before or
 * after now ({@code -90s}, {@code +1h30m}; units ms, s, m, h, d, w).
 *
 * <p>Epoch milliseconds have 12 or 13 digits, from 1973 to 2286, or are 0. A number of more or fewer is refused: it is rather a date without dashes, or in
 * another unit, and would be a time of another century for a command that deletes.
 */
final class TimeArgument implements ITypeConverter<Instant> {

    static final String SYNTAX = "2024-05-01, 2024-05-01 14:00, 14:00, yesterday 9:30, in UTC or with an offset or a zone behind"
            + " (2024-05-01T14:00+02:00, 14:00 Europe/Berlin), epoch milliseconds of 12 or 13 digits, now, -90s, +1h30m (ms, s, m, h, d, w)";

    private static final Pattern EPOCH_MILLIS = Pattern.compile("0|-?\\d{12,13}");
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,18}");
    private static final Pattern RELATIVE = Pattern.compile("[-+](?:\\d{1,12}(?:ms|s|m|h|d|w))+");
    private static final Pattern PART = Pattern.compile("(\\d+)(ms|s|m|h|d|w)");
    private static final String TIME = "\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?";
    private static final Pattern WRITTEN = Pattern.compile("(?<day>today|yesterday|tomorrow|\\d{4}-\\d{2}-\\d{2})?"
            + "(?:(?:^|(?<!^)[T ])(?<time>" + TIME + "))?"
            + "(?: ?(?<offset>Z|[-+]\\d{2}:?\\d{2})| (?<zone>[A-Z][\\w/+-]*)| ?\\[(?<bracketed>[^]]+)])?");

    private final InstantSource clock;

    TimeArgument(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Instant convert(String text) {
        try {
            return parse(text, clock.instant());
        } catch (DateTimeException | ArithmeticException e) {
            TypeConversionException refusal = new TypeConversionException("'" + text + "' is not a time; use " + SYNTAX);
            refusal.initCause(e);
            throw refusal;
        }
    }

    private static Instant parse(String text, Instant now) {
        if (text.equals("now")) {
            return now;
        }
        if (RELATIVE.matcher(text).matches()) {
            Duration distance = distance(text.substring(1));
            return text.charAt(0) == '-' ? now.minus(distance) : now.plus(distance);
        }
        if (EPOCH_MILLIS.matcher(text).matches()) {
            return Instant.ofEpochMilli(Long.parseLong(text));
        }
        if (NUMBER.matcher(text).matches()) {
            long number = Long.parseLong(text);
            throw new TypeConversionException("'" + text + "' isn't clear: it is " + Instant.ofEpochSecond(number) + " as seconds, and "
                    + Instant.ofEpochMilli(number) + " as milliseconds, which have 12 or 13 digits here; or it is a date, which has dashes; use " + SYNTAX);
        }
        Matcher written = WRITTEN.matcher(text);
        if (written.matches() && (written.group("day") != null || written.group("time") != null)) {
            return instant(written, now);
        }
        return ZonedDateTime.parse(text).toInstant();
    }

    private static Instant instant(Matcher written, Instant now) {
        ZoneId zone = Stream.of("offset", "zone", "bracketed").map(written::group).filter(Objects::nonNull).findFirst()
                .map(ZoneId::of).orElse(ZoneOffset.UTC);
        LocalDate day = day(written.group("day"), LocalDate.ofInstant(now, zone));
        String time = written.group("time");
        return time == null ? day.atStartOfDay(zone).toInstant() : instant(written.group(), day.atTime(time(time)), zone);
    }

    /** Where clocks are put back a local time is two instants, and none where they are put forward: a command that deletes doesn't guess. */
    private static Instant instant(String text, LocalDateTime local, ZoneId zone) {
        ZoneOffsetTransition change = zone.getRules().getTransition(local);
        if (change != null) {
            throw new TypeConversionException("'" + text + "' isn't clear, as clocks are put " + (change.isGap() ? "forward" : "back") + " then: it is "
                    + local.toInstant(change.getOffsetBefore()) + " or " + local.toInstant(change.getOffsetAfter()) + "; give the one that is meant");
        }
        return local.atZone(zone).toInstant();
    }

    private static LocalDate day(@Nullable String written, LocalDate today) {
        if (written == null) {
            return today;
        }
        return switch (written) {
            case "today" -> today;
            case "yesterday" -> today.minusDays(1);
            case "tomorrow" -> today.plusDays(1);
            default -> LocalDate.parse(written);
        };
    }

    private static LocalTime time(String written) {
        return LocalTime.parse(written.charAt(1) == ':' ? "0" + written : written);
    }

    /** The sum of parts such as {@code 1h30m}. */
    static Duration distance(String parts) {
        Duration sum = Duration.ZERO;
        Matcher part = PART.matcher(parts);
        while (part.find()) {
            sum = sum.plus(unit(part.group(2)).multipliedBy(Long.parseLong(part.group(1))));
        }
        return sum;
    }

    private static Duration unit(String name) {
        return switch (name) {
            case "ms" -> Duration.ofMillis(1);
            case "s" -> Duration.ofSeconds(1);
            case "m" -> Duration.ofMinutes(1);
            case "h" -> Duration.ofHours(1);
            case "d" -> Duration.ofDays(1);
            default -> Duration.ofDays(7);
        };
    }
}
