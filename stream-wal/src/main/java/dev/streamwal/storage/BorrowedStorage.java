package dev.streamwal.storage;

import java.nio.file.Path;

/**
 * Segments of which some are another log's, and must not change: their names are symbolic links. Whoever reads one reads the other log's
 * file; before its first change it becomes a copy. Nothing here is forced to the disk, as nothing here is kept.
 */
public final class BorrowedStorage extends ChannelStorage {

    @Override
    ChannelFile newFile(Path path) {
        return new BorrowedFile(path);
    }

    @Override
    public void forceDirectory(Path directory) {
        // nobody looks at it after a crash
    }
}
