package dev.streamwal.cli;

import dev.streamwal.io.DirectoryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * What is deleted of a log that was made for nothing.
 *
 * @param root its directory
 * @param isFolder whether the directory was there before it, maybe with files of others
 * @param isNew whether nothing of a log was there
 */
record NewLog(Path root, boolean isFolder, boolean isNew) {

    /** What a log may have in its directory. */
    private static final List<String> NAMES = List.of(
            "LOCK", "positions", "writer", "streams", "keys", "keys.copy", "segments", "commit", "packs", "cursors", "quarantine");

    /** Before the log is opened. */
    static NewLog at(Path root) {
        boolean isNew = NAMES.stream().noneMatch(name -> Files.exists(root.resolve(name), LinkOption.NOFOLLOW_LINKS));
        return new NewLog(root, Files.isDirectory(root), isNew);
    }

    /** Deletes the log, and its directory if that is new, too. */
    void delete() throws IOException {
        if (!isFolder) {
            DirectoryTree.delete(root);
            return;
        }
        for (String name : NAMES) {
            DirectoryTree.delete(root.resolve(name));
        }
    }
}
