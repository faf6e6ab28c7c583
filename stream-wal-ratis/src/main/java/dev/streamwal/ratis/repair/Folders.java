package dev.streamwal.ratis.repair;

import dev.streamwal.io.DirectoryForce;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Whole folders. */
public final class Folders {

    private Folders() {}

    /** The names of all files are durable. */
    public static void forceNames(Path folder) throws IOException {
        for (Path each : all(folder)) {
            if (Files.isDirectory(each)) {
                DirectoryForce.force(each);
            }
        }
    }

    /** What is in a folder before the folder. */
    private static List<Path> all(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
