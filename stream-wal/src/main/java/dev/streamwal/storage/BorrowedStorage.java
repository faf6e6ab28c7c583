package dev.streamwal.storage;

import java.nio.file.Path;

/**
 * Storage for segments, some of which belong to another log and must not change: their names are symbolic links. Reading one reads the other log's
 * file; its first change replaces the link by a copy. Nothing is forced to the disk, because nothing here is kept.
 */
public final class BorrowedStorage extends ChannelStorage {

    @Override
    ChannelFile newFile(Path path) {
        return new BorrowedFile(path);
    }

    @Override
    public void forceDirectory(Path directory) {
        // not read again after a crash
    }
}
