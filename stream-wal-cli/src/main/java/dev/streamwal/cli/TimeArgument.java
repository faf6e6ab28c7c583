package dev.streamwal.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A point in time as an argument: an ISO instant ({@code 2024-05-01T12:00:00Z}), a date and time with an offset or a zone
 * ({@code 2024-05-01T14:00+02:00}, {@code 2024-05-01T14:00[Europe/Berlin]}), epoch milliseconds, {@code now}, or how long before or after
 * now ({@code -90s}, {@code +1h30m}; units ms, s, m, h, d, w).
 */
final class TimeArgument implements ITypeConverter<Instant> {

    static final String SYNTAX = "2024-05-01T12:00:00Z, 2024-05-01T14:00+02:00, 2024-05-01T14:00[Europe/Berlin], epoch milliseconds,"
            + " now, -90s, +1h30m (ms, s, m, h, d, w)";

    private static final Pattern EPOCH_MILLIS = Pattern.compile("-?\\d{1,18}");
    private static final Pattern RELATIVE = Pattern.compile("[-+](?:\\d{1,12}(?:ms|s|m|h|d|w))+");
    private static final Pattern PART = Pattern.compile("(\\d+)(ms|s|m|h|d|w)");
    /** A local date and time that a zone in brackets follows without an offset, which the JDK's parser asks for. */
    private static final Pattern LOCAL_WITH_ZONE = Pattern.compile("([^\\[Z]+T[^\\[Z+-]+)\\[([^]]+)]");

    private final InstantSource clock;

    TimeArgument(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Instant convert(String text) {
        try {
            return parse(text, clock.instant());
        } catch (DateTimeException | ArithmeticException e) {
            TypeConversionException refusal = new TypeConversionException("'" + text + "' is no time; times are " + SYNTAX);
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
        Matcher local = LOCAL_WITH_ZONE.matcher(text);
        if (local.matches()) {
            return LocalDateTime.parse(local.group(1)).atZone(ZoneId.of(local.group(2))).toInstant();
        }
        return ZonedDateTime.parse(text).toInstant();
    }

    /** Of parts such as {@code 1h30m}. */
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
