package dev.streamwal.image;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
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
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            files.forEach(found::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return found;
    }
}
