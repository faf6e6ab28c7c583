package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.packing.PackStore;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** A copy of a log that is being written. */
public final class Checkpoint {

    private Checkpoint() {}

    /**
     * The cursors come first: what they have committed is in the segments that are copied later, as a consumer that had come farther than
     * the copy would miss what the copy gets at these positions. The positions come last: at or above whatever the segments need, since the
     * writer raises them before it creates one.
     */
    public static void create(Path root, Path target, List<StreamLog> streams, PackStore packs) throws IOException {
        Files.createDirectories(target);
        try (DirectoryStream<Path> present = Files.newDirectoryStream(target)) {
            if (present.iterator().hasNext()) {
                throw new IllegalArgumentException("checkpoint target is not empty: target=" + target);
            }
        }
        copyCursors(root, target);
        FolderUpgrade.refuseOldVersions(target);
        Path folder = Files.createDirectory(target.resolve(StreamDirectory.NAME));
        for (StreamLog stream : streams) {
            stream.copyTo(folder.resolve(stream.directory().getFileName().toString()));
        }
        // behind the streams: what has moved into a pack meanwhile is in both
        packs.copyTo(target);
        Files.copy(root.resolve(PositionsLayout.FILE_NAME), target.resolve(PositionsLayout.FILE_NAME));
    }

    /** Not by links, as they are added to. A copy that ends in the middle of an entry ends with the one before. */
    private static void copyCursors(Path root, Path target) throws IOException {
        List<Path> cursors = CursorFiles.list(root);
        if (!cursors.isEmpty()) {
            Path folder = Files.createDirectory(CursorFiles.directory(target));
            for (Path cursor : cursors) {
                try {
                    Files.copy(cursor, folder.resolve(cursor.getFileName().toString()));
                } catch (NoSuchFileException e) {
                    // the consumer has been removed
                }
            }
        }
    }
}
