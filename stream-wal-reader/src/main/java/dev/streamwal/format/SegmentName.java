package dev.streamwal.format;

import java.util.HexFormat;
import java.util.Optional;

/**
 * What a segment's file name says:
 * {@code <base position, 16 lower-case hex digits>_<expiration, decimal epoch ms>.seg}. Names in lexicographic order
 * are segments in order of position, and show the sweeper which files have expired without opening them.
 *
 * @param basePosition stream position of the segment's first record, not negative
 * @param expirationMillis epoch ms from which on the file may be deleted, not negative
 */
public record SegmentName(long basePosition, long expirationMillis) implements Comparable<SegmentName> {

    private static final String SUFFIX = ".seg";
    private static final int POSITION_DIGITS = 16;
    private static final HexFormat HEX = HexFormat.of();

    public SegmentName {
        if (basePosition < 0 || expirationMillis < 0) {
            throw new IllegalArgumentException(
                    "segment name has a negative number: basePosition=" + basePosition + ", expiration="
                    + expirationMillis);
        }
    }

    public String fileName() {
        return HEX.toHexDigits(basePosition) + '_' + expirationMillis + SUFFIX;
    }

    /** Empty for every name that {@link #fileName()} doesn't give: such files belong to another program. */
    public static Optional<SegmentName> parse(String fileName) {
        int digits = fileName.length() - POSITION_DIGITS - 1 - SUFFIX.length();
        if (digits < 1 || digits > 19 || fileName.charAt(POSITION_DIGITS) != '_' || !fileName.endsWith(SUFFIX)) {
            return Optional.empty();
        }
        try {
            long basePosition = HexFormat.fromHexDigitsToLong(fileName, 0, POSITION_DIGITS);
            long expirationMillis = Long.parseLong(fileName, POSITION_DIGITS + 1, POSITION_DIGITS + 1 + digits, 10);
            SegmentName name = new SegmentName(basePosition, expirationMillis);
            return name.fileName().equals(fileName) ? Optional.of(name) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Written out, like {@link #hashCode}: a record's generated one takes 20 ms at its first use in a process, and every reader needs it. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SegmentName name && basePosition == name.basePosition && expirationMillis == name.expirationMillis;
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(basePosition) + Long.hashCode(expirationMillis);
    }

    @Override
    public int compareTo(SegmentName other) {
        int byPosition = Long.compare(basePosition, other.basePosition);
        return byPosition != 0 ? byPosition : Long.compare(expirationMillis, other.expirationMillis);
    }
}
