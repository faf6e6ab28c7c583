package dev.streamwal;

import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Which storage a log gets. */
class Storages {

    /** Where zeros written ahead are blocks for good. Those that copy on write promise nothing: btrfs, ZFS. */
    private static final Set<String> SAFE_TO_MAP = Set.of("ext4", "ext3", "ext2", "xfs", "tmpfs");

    private final Storage wanted;
    private boolean maps;

    Storages(Storage wanted) {
        this.wanted = wanted;
    }

    /**
     * @param root an existing directory
     * @throws IllegalArgumentException where {@code MAPPED} is wanted and the file system has no mappings
     */
    SegmentStorage of(Path root) throws IOException {
        boolean ofMachine = root.getFileSystem().equals(FileSystems.getDefault());
        if (wanted == Storage.MAPPED && !ofMachine) {
            throw new IllegalArgumentException("Storage.MAPPED maps files, which this file system can't: fileSystem=" + root.getFileSystem()
                    + ", root=" + root + "; use AUTO or CHANNEL");
        }
        maps = wanted == Storage.MAPPED
                || (wanted == Storage.AUTO && ofMachine && SAFE_TO_MAP.contains(Files.getFileStore(root).type()));
        return maps ? new MappedStorage() : new ChannelStorage();
    }

    /** Whether what {@link #of} gave has mappings. */
    boolean maps() {
        return maps;
    }
}
