package dev.streamwal.pack;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;

/**
 * Names of packs: {@code packs/<number, 16 lower-case hex digits>.pack} in the log's root, and while one is written {@code .<name>.tmp}. A pack in the log's
 * tier has its table here: {@code packs/<number>.table}. The catalogue of the packs' keys stands beside them: {@code packs/keys}, and while it is written
 * {@code packs/.keys.tmp}.
 */
public final class PackFiles {

    /** Name of the packs' directory in the log's root. */
    public static final String DIRECTORY = "packs";

    private static final String SUFFIX = ".pack";
    private static final String TABLE_SUFFIX = ".table";
    private static final String TEMPORARY_PREFIX = ".";
    private static final String TEMPORARY_SUFFIX = ".tmp";
    static final String KEYS = "keys";
    private static final int DIGITS = 16;
    private static final HexFormat HEX = HexFormat.of();

    private PackFiles() {}

    /** Directory of a log's packs. */
    public static Path directory(Path root) {
        return root.resolve(DIRECTORY);
    }

    /** The pack with this number. */
    public static Path pack(Path root, long number) {
        return directory(root).resolve(fileName(number));
    }

    /** The same while it is written. */
    public static Path temporary(Path root, long number) {
        return directory(root).resolve(temporaryName(number));
    }

    /** The table of a pack in the log's tier: all of the pack except its segments. */
    public static Path table(Path root, long number) {
        return directory(root).resolve(HEX.toHexDigits(number) + TABLE_SUFFIX);
    }

    /**
     * A pack while it is fetched from the log's tier.
     *
     * @param nonce random: an earlier writer that doesn't know yet that it has lost the log may be fetching the same pack
     */
    public static Path temporaryFetched(Path root, long number, long nonce) {
        return directory(root).resolve(TEMPORARY_PREFIX + HEX.toHexDigits(number) + '-' + HEX.toHexDigits(nonce) + SUFFIX + TEMPORARY_SUFFIX);
    }

    /** The same while it is written. */
    public static Path temporaryTable(Path root, long number) {
        return directory(root).resolve(TEMPORARY_PREFIX + HEX.toHexDigits(number) + TABLE_SUFFIX + TEMPORARY_SUFFIX);
    }

    /** The catalogue of the keys that packs have. */
    public static Path keys(Path root) {
        return directory(root).resolve(KEYS);
    }

    /** The same while it is written. */
    public static Path temporaryKeys(Path root) {
        return directory(root).resolve(TEMPORARY_PREFIX + KEYS + TEMPORARY_SUFFIX);
    }

    public static String fileName(long number) {
        if (number < 0) {
            throw new IllegalArgumentException("pack number is negative: number=" + number);
        }
        return HEX.toHexDigits(number) + SUFFIX;
    }

    /** Name of a pack while it is written; nothing reads it. */
    public static String temporaryName(long number) {
        return TEMPORARY_PREFIX + fileName(number) + TEMPORARY_SUFFIX;
    }

    /** The pack's number; empty for every name that {@link #fileName} doesn't give. */
    public static OptionalLong parse(String name) {
        return parse(name, SUFFIX);
    }

    /** The number of the pack whose table has this name; empty for every other name. */
    public static OptionalLong parseTable(String name) {
        return parse(name, TABLE_SUFFIX);
    }

    /** Whether a table that is being written, or a pack that is being fetched, has this name. */
    public static boolean isTemporaryOfTier(String name) {
        String whole = unmarked(name);
        int nonceEnd = whole.length() - SUFFIX.length();
        boolean isFetched = whole.length() == 2 * DIGITS + 1 + SUFFIX.length() && whole.charAt(DIGITS) == '-'
                && parse(whole.substring(0, DIGITS) + SUFFIX).isPresent() && HexFormat.isHexDigit(whole.charAt(nonceEnd - 1));
        return isFetched || parseTable(whole).isPresent();
    }

    private static OptionalLong parse(String name, String suffix) {
        if (name.length() != DIGITS + suffix.length() || !name.endsWith(suffix)) {
            return OptionalLong.empty();
        }
        try {
            long number = HexFormat.fromHexDigitsToLong(name, 0, DIGITS);
            return number >= 0 && name.startsWith(HEX.toHexDigits(number)) ? OptionalLong.of(number) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** The number of the pack that is written under this name; empty for every name that {@link #temporaryName} doesn't give. */
    public static OptionalLong parseTemporary(String name) {
        return parse(unmarked(name));
    }

    /** A name without what marks it as that of a file that is being written; empty if it isn't marked. */
    private static String unmarked(String name) {
        int end = name.length() - TEMPORARY_SUFFIX.length();
        return end > 0 && name.startsWith(TEMPORARY_PREFIX) && name.endsWith(TEMPORARY_SUFFIX) ? name.substring(TEMPORARY_PREFIX.length(), end) : "";
    }
}
