package dev.streamwal.image;

import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The files below a directory in which a copy of a log is made. */
public final class CopiedFiles {

    private CopiedFiles() {}

    /** Deletes all files below a directory, except some; directories stay. */
    public static void deleteBelow(Path directory, Set<Path> kept) throws IOException {
        for (Path each : in(directory)) {
            if (Files.isDirectory(each)) {
                deleteBelow(each, kept);
            } else if (!kept.contains(each)) {
                Files.delete(each);
            }
        }
    }

    /** The entries of a directory. */
    public static List<Path> in(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        DirectoryListing.each(directory, found::add);
        return found;
    }
}
