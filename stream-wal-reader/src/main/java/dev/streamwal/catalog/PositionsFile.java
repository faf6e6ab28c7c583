package dev.streamwal.catalog;

import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the file {@code positions} of a log. */
public final class PositionsFile {

    private static final int MAX_BYTES = PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES;
    /** The writer may be in the middle of a slot; its other slot is valid, but for this long. */
    private static final int ATTEMPTS = 3;

    private PositionsFile() {}

    /** Where a log has it. */
    public static Path in(Path root) {
        return root.resolve(PositionsLayout.FILE_NAME);
    }

    /** Empty where there is no such file, or nothing valid in it. */
    public static Optional<Positions> read(Path root) throws IOException {
        Optional<Positions> found = Optional.empty();
        for (int attempt = 0; attempt < ATTEMPTS && found.isEmpty(); attempt++) {
            try (InputStream in = Files.newInputStream(in(root))) {
                found = PositionsLayout.decode(in.readNBytes(MAX_BYTES));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        }
        return found;
    }
}
