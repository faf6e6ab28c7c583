package dev.streamwal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a test may put many files: in memory, where there is room, as a shared disk would decide how long the test takes. */
final class FastDirectory {

    private static final Path MEMORY = Path.of("/dev/shm");

    private FastDirectory() {}

    /** A new one, in memory or else in the other; {@link LogHome#deleteTree delete} it. */
    static Path create(Path other, long neededBytes) throws IOException {
        boolean room = Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() > 2 * neededBytes;
        return Files.createTempDirectory(room ? MEMORY : other, "stream-wal-");
    }
}
