package dev.streamwal.pack;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Where packs are: in the folder {@code packs} of a log, each under its number, which has 16 lower-case hex digits. */
public final class PackFiles {

    private static final String DIRECTORY = "packs";
    private static final String SUFFIX = ".pack";
    private static final Pattern NAME = Pattern.compile("[0-7][0-9a-f]{15}\\.pack");
    private static final Pattern TEMPORARY = Pattern.compile("\\.[0-7][0-9a-f]{15}\\.pack\\.tmp");

    private PackFiles() {}

    /** The folder, if there is one. */
    public static Path directory(Path root) {
        return root.resolve(DIRECTORY);
    }

    /** The pack with this number. */
    public static Path pack(Path root, long number) {
        return directory(root).resolve(HexFormat.of().toHexDigits(number) + SUFFIX);
    }

    /** The same while it is written. */
    public static Path temporary(Path root, long number) {
        return directory(root).resolve('.' + HexFormat.of().toHexDigits(number) + SUFFIX + ".tmp");
    }

    /** Empty where it isn't the name of a pack. */
    public static OptionalLong number(String fileName) {
        return NAME.matcher(fileName).matches() ? OptionalLong.of(HexFormat.fromHexDigitsToLong(fileName, 0, Long.BYTES * 2))
                : OptionalLong.empty();
    }

    /** Whether a pack is written under it. */
    public static boolean isTemporary(String fileName) {
        return TEMPORARY.matcher(fileName).matches();
    }
}
