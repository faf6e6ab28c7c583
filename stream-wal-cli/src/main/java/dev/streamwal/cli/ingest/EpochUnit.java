package dev.streamwal.cli.ingest;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** A unit in which files count time from 1970-01-01T00:00Z. */
public enum EpochUnit {
    S(0), MS(3), US(6), NS(9);

    private static final int MILLIS_DIGITS = 3;
    /** As many digits as a long has, and a fraction; the length is bounded. */
    private static final Pattern NUMBER = Pattern.compile("[-+]?\\d{1,19}(?:\\.\\d{1,18})?");

    private final int digits;

    /** @param digits of a second's fraction in this unit */
    EpochUnit(int digits) {
        this.digits = digits;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws DateTimeException if the text is not a number, or out of the range of milliseconds */
    RowTime parse(String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw new DateTimeException("not an epoch time, a number of at most 19 digits: time=" + text);
        }
        BigDecimal millis = new BigDecimal(text).movePointRight(MILLIS_DIGITS - digits);
        BigDecimal whole = millis.setScale(0, RoundingMode.FLOOR);
        try {
            return new RowTime(OptionalLong.of(whole.longValueExact()), whole.compareTo(millis) == 0, text);
        } catch (ArithmeticException e) {
            throw new DateTimeException("epoch time exceeds 64 bits of milliseconds: time=" + text, e);
        }
    }
}
