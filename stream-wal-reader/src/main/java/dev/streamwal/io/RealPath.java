package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a path leads to, whatever symbolic links it goes through. */
public final class RealPath {

    private RealPath() {}

    /**
     * Refuses a target within a log's directory: what is in some of its folders is taken for the log's own.
     *
     * @param target which needs not exist
     * @throws IllegalArgumentException if it is in the log's directory, or is that
     */
    public static void checkIsOutside(Path root, Path target) throws IOException {
        if (isWithin(target, root)) {
            throw new IllegalArgumentException("target is in the log's own directory: target=" + target + ", root=" + root + "; name one outside of it");
        }
    }

    private static boolean isWithin(Path path, Path folder) throws IOException {
        return path.getFileSystem().equals(folder.getFileSystem()) && of(path).startsWith(of(folder));
    }

    /** Without symbolic links, as far as it exists. */
    private static Path of(Path path) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        for (Path there = absolute; there != null; there = there.getParent()) {
            if (Files.exists(there)) {
                return there.toRealPath().resolve(there.relativize(absolute));
            }
        }
        return absolute;
    }
}
