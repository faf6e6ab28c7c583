package dev.streamwal.journal;

import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;

/**
 * The names of a journal's files: {@code commit/<number, 8 lower-case hex digits>.journal}. Numbers only tell files apart; the order of
 * files follows from the sequences of their blocks.
 */
public final class JournalFiles {

    private static final String DIRECTORY = "commit";
    private static final String SUFFIX = ".journal";
    private static final int DIGITS = 8;
    private static final HexFormat HEX = HexFormat.of();

    private JournalFiles() {}

    /** Directory of a log's journal, if it has one. */
    public static Path directory(Path root) {
        return root.resolve(DIRECTORY);
    }

    /** @param number not negative */
    public static Path path(Path root, int number) {
        if (number < 0) {
            throw new IllegalArgumentException("journal file number is negative: number=" + number);
        }
        return directory(root).resolve(HEX.toHexDigits(number) + SUFFIX);
    }

    /** Empty for every name that {@link #path} doesn't give: such files belong to another program. */
    public static OptionalInt number(Path file) {
        String name = file.getFileName().toString();
        if (name.length() != DIGITS + SUFFIX.length() || !name.endsWith(SUFFIX)) {
            return OptionalInt.empty();
        }
        try {
            int number = HexFormat.fromHexDigits(name, 0, DIGITS);
            return number >= 0 && name.startsWith(HEX.toHexDigits(number)) ? OptionalInt.of(number) : OptionalInt.empty();
        } catch (NumberFormatException e) {
            return OptionalInt.empty();
        }
    }

    /** The existing files, in order of number; none if there is no journal. */
    public static List<Path> list(Path root) throws IOException {
        List<Path> found = DirectoryListing.list(directory(root), file -> number(file).isPresent());
        found.sort(Comparator.comparing(file -> file.getFileName().toString()));
        return found;
    }
}
