package dev.streamwal.tier;

import dev.streamwal.manifest.TierId;
import dev.streamwal.manifest.TierObject;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Names of objects in a tier. No name is ever given twice, so that nothing is overwritten:
 *
 * <ul>
 *   <li>{@code log-<id>} says to which log the tier belongs;
 *   <li>{@code <number>-<nonce>.pack} is a pack, with its checksums behind it;
 *   <li>{@code content-<serial>-<incarnation and nonce>} says what the tier has; the last one, by name, counts.
 * </ul>
 *
 * <p>The id has 32 lower-case hex digits, the other numbers have 16.
 */
public final class TierNames {

    private static final String LOG = "log-";
    private static final String CONTENT = "content-";
    private static final String PACK_SUFFIX = ".pack";
    private static final char SEPARATOR = '-';
    private static final int DIGITS = 16;
    private static final HexFormat HEX = HexFormat.of();

    private TierNames() {}

    /** Name of the object that says to which log the tier belongs. */
    public static String log(TierId id) {
        return LOG + id;
    }

    /** The log; empty for every name that {@link #log} doesn't give. */
    public static Optional<TierId> parseLog(String name) {
        return name.startsWith(LOG) ? TierId.parse(name.substring(LOG.length())) : Optional.empty();
    }

    /** Name of a pack's object. */
    public static String pack(long number, TierObject object) {
        return HEX.toHexDigits(number) + SEPARATOR + HEX.toHexDigits(object.nonce()) + PACK_SUFFIX;
    }

    /** The pack's number; empty for every name that {@link #pack} doesn't give. */
    public static OptionalLong parsePack(String name) {
        return name.endsWith(PACK_SUFFIX) ? firstOfPair(name.substring(0, name.length() - PACK_SUFFIX.length())) : OptionalLong.empty();
    }

    /**
     * Name of an object that says what the tier has.
     *
     * @param serial greater by one than any serial before
     * @param incarnation of the log's writer: of two writers that give one serial, the later one counts
     * @param nonce so that two copies of a log don't give the same name
     */
    public static String content(long serial, long incarnation, int nonce) {
        return CONTENT + HEX.toHexDigits(serial) + SEPARATOR + HEX.toHexDigits(incarnation << Integer.SIZE | Integer.toUnsignedLong(nonce));
    }

    /** The serial; empty for every name that {@link #content} doesn't give. */
    public static OptionalLong parseContent(String name) {
        return name.startsWith(CONTENT) ? firstOfPair(name.substring(CONTENT.length())) : OptionalLong.empty();
    }

    private static OptionalLong firstOfPair(String pair) {
        if (pair.length() != 2 * DIGITS + 1 || pair.charAt(DIGITS) != SEPARATOR) {
            return OptionalLong.empty();
        }
        try {
            long first = HexFormat.fromHexDigitsToLong(pair, 0, DIGITS);
            long second = HexFormat.fromHexDigitsToLong(pair, DIGITS + 1, pair.length());
            boolean isOurs = first >= 0 && pair.equals(HEX.toHexDigits(first) + SEPARATOR + HEX.toHexDigits(second));
            return isOurs ? OptionalLong.of(first) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
