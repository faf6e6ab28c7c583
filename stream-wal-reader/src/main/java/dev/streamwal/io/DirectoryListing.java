package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Goes through the entries of a directory, in any order; a failure on the way is an {@link IOException} like any other. */
public final class DirectoryListing {

    private DirectoryListing() {}

    /** Does the step for each entry. */
    public static void each(Path directory, FileConsumer<Path> step) throws IOException {
        boolean unused = any(directory, entry -> {
            step.accept(entry);
            return false;
        });
    }

    /** As {@link #each}; does nothing if there is no such directory. */
    public static void eachIfThere(Path directory, FileConsumer<Path> step) throws IOException {
        try {
            each(directory, step);
        } catch (NoSuchFileException | NotDirectoryException e) {
            // nothing is in it
        }
    }

    /** The entries that pass the filter; none if there is no such directory. */
    public static List<Path> list(Path directory, Predicate<Path> filter) throws IOException {
        List<Path> found = new ArrayList<>();
        eachIfThere(directory, entry -> {
            if (filter.test(entry)) {
                found.add(entry);
            }
        });
        return found;
    }

    /** Whether the test holds for an entry; stops at the first such entry. */
    public static boolean any(Path directory, FileFunction<Path, Boolean> test) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (test.apply(entry)) {
                    return true;
                }
            }
            return false;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }
}
