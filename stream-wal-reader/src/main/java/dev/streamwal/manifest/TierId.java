package dev.streamwal.manifest;

import java.util.HexFormat;
import java.util.Optional;

/** Identifies the log that a tier belongs to: 128 random bits, which the log's manifest has before the tier does. */
public record TierId(long high, long low) {

    private static final int DIGITS = 32;

    /** The id with this text; empty for every text that {@link #toString} doesn't give. */
    public static Optional<TierId> parse(String text) {
        if (text.length() != DIGITS) {
            return Optional.empty();
        }
        try {
            TierId id = new TierId(HexFormat.fromHexDigitsToLong(text, 0, DIGITS / 2), HexFormat.fromHexDigitsToLong(text, DIGITS / 2, DIGITS));
            return id.toString().equals(text) ? Optional.of(id) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** 32 lower-case hex digits. */
    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
