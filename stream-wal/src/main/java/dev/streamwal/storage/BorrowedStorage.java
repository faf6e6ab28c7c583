package dev.streamwal.storage;

import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Segments of which some are another log's, and must not change: their names are symbolic links. Whoever reads one reads the other log's
 * file; before its first change it becomes a copy. Nothing here is forced to the disk, as nothing here is kept.
 */
public final class BorrowedStorage extends ChannelStorage {

    @Override
    ChannelFile newFile(Path path, @Nullable FileChannel channel) {
        return new BorrowedFile(path, channel, zeros());
    }

    @Override
    public void forceDirectory(Path directory) {
        // nobody looks at it after a crash
    }
}
