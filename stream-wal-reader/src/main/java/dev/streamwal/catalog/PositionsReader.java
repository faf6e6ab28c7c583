package dev.streamwal.catalog;

import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.io.BadSectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the file {@code positions} of a log. */
public final class PositionsReader {

    /** The writer may be writing one slot; then the other one is valid, but only until the writer turns to it. */
    private static final int ATTEMPTS = 3;

    private PositionsReader() {}

    /** Where a log has it. */
    public static Path in(Path root) {
        return root.resolve(PositionsLayout.FILE_NAME);
    }

    /** What the file has, even if the disk can't read one of its slots: the other slot has the same. Empty if there is no file. */
    public static Optional<byte[]> bytes(Path root) throws IOException {
        return BadSectors.readSmall(in(root), PositionsLayout.FILE_BYTES, left -> PositionsLayout.decode(left).isPresent());
    }

    /** The positions; empty if there is no such file, or no valid slot in it. */
    public static Optional<Positions> read(Path root) throws IOException {
        Optional<Positions> found = Optional.empty();
        for (int attempt = 0; attempt < ATTEMPTS && found.isEmpty(); attempt++) {
            Optional<byte[]> bytes = bytes(root);
            if (bytes.isEmpty()) {
                return Optional.empty();
            }
            found = PositionsLayout.decode(bytes.get());
        }
        return found;
    }
}
