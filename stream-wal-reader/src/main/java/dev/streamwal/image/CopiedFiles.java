package dev.streamwal.image;

import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Files below a directory that a copy of a log is made in. */
public final class CopiedFiles {

    private CopiedFiles() {}

    /** Deletes all files below a directory, but for some; directories stay. */
    public static void deleteBelow(Path directory, Set<Path> kept) throws IOException {
        for (Path each : in(directory)) {
            if (Files.isDirectory(each)) {
                deleteBelow(each, kept);
            } else if (!kept.contains(each)) {
                Files.delete(each);
            }
        }
    }

    /** What is in a directory. */
    public static List<Path> in(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        DirectoryListing.each(directory, found::add);
        return found;
    }
}
