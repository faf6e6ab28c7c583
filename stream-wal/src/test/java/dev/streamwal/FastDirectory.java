package dev.streamwal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Where a test may put many files: in memory, where there is room, as a shared disk would decide how long the test takes. */
final class FastDirectory {

    private static final Path MEMORY = Path.of("/dev/shm");

    private FastDirectory() {}

    /** A new one, in memory or else in the other; delete it. */
    static Path create(Path other, long neededBytes) throws IOException {
        boolean room = Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() > 2 * neededBytes;
        return Files.createTempDirectory(room ? MEMORY : other, "stream-wal-");
    }

    static void delete(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
