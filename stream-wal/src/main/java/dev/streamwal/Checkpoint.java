package dev.streamwal;

import dev.streamwal.format.PositionsLayout;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A copy of a log that is being written. */
final class Checkpoint {

    private Checkpoint() {}

    /**
     * The positions come last: at or above whatever the segments need, since the writer raises them before it creates one.
     */
    static void create(Path root, Path target, List<WalStream> streams) throws IOException {
        Files.createDirectories(target);
        try (DirectoryStream<Path> present = Files.newDirectoryStream(target)) {
            if (present.iterator().hasNext()) {
                throw new IllegalArgumentException("a checkpoint's target is empty: target=" + target);
            }
        }
        Path folder = target.resolve("streams");
        Files.createDirectories(folder);
        for (WalStream stream : streams) {
            stream.log().copyTo(folder.resolve(stream.log().directory().getFileName().toString()));
        }
        Files.copy(root.resolve(PositionsLayout.FILE_NAME), target.resolve(PositionsLayout.FILE_NAME));
    }
}
