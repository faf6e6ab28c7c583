package dev.streamwal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What stands below a folder, to tell whether anybody has written there. */
public final class FileListing {

    private FileListing() {}

    /** By path: size, and when it was modified last. */
    public static SortedMap<String, String> of(Path root) throws IOException {
        SortedMap<String, String> listing = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.toList()) {
                listing.put(file.toString(), Files.size(file) + " bytes, modified " + Files.getLastModifiedTime(file));
            }
        }
        return listing;
    }
}
