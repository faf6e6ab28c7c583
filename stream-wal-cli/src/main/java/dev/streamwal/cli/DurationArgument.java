package dev.streamwal.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A length of time as an argument: {@code 90s}, {@code 1h30m}, {@code 7d}; units ms, s, m, h, d, w; or as ISO 8601 writes it,
 * {@code PT90S}.
 */
final class DurationArgument implements ITypeConverter<Duration> {

    static final String SYNTAX = "10m, 1h30m, 7d (ms, s, m, h, d, w)";

    private static final Pattern PARTS = Pattern.compile("(?:\\d{1,12}(?:ms|s|m|h|d|w))+");

    @Override
    public Duration convert(String text) {
        try {
            return PARTS.matcher(text).matches() ? TimeArgument.distance(text) : Duration.parse(text);
        } catch (DateTimeException | ArithmeticException e) {
            TypeConversionException refusal = new TypeConversionException("'" + text + "' is not a duration; use " + SYNTAX);
            refusal.initCause(e);
            throw refusal;
        }
    }
}
