package dev.streamwal.pack;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;

/**
 * Names of packs: {@code packs/<number, 16 lower-case hex digits>.pack} in the log's root, and while one is written {@code .<name>.tmp}. Beside them
 * stands the catalogue of their keys: {@code packs/keys}, and while it is written {@code packs/.keys.tmp}.
 */
public final class PackFiles {

    /** Name of the packs' directory in the log's root. */
    public static final String DIRECTORY = "packs";

    private static final String SUFFIX = ".pack";
    private static final String TEMPORARY_PREFIX = ".";
    private static final String TEMPORARY_SUFFIX = ".tmp";
    private static final String KEYS = "keys";
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
        if (name.length() != DIGITS + SUFFIX.length() || !name.endsWith(SUFFIX)) {
            return OptionalLong.empty();
        }
        try {
            long number = HexFormat.fromHexDigitsToLong(name, 0, DIGITS);
            return number >= 0 && fileName(number).equals(name) ? OptionalLong.of(number) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** The number of the pack that is written under this name; empty for every name that {@link #temporaryName} doesn't give. */
    public static OptionalLong parseTemporary(String name) {
        boolean isPossible = name.length() == TEMPORARY_PREFIX.length() + DIGITS + SUFFIX.length() + TEMPORARY_SUFFIX.length()
                && name.startsWith(TEMPORARY_PREFIX) && name.endsWith(TEMPORARY_SUFFIX);
        return isPossible ? parse(name.substring(TEMPORARY_PREFIX.length(), name.length() - TEMPORARY_SUFFIX.length())) : OptionalLong.empty();
    }
}
