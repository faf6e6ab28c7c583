package dev.streamwal.engine;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Chooses a log's storage. */
public class Storages {

    /** File systems on which zeros written ahead reserve blocks for good. Copy-on-write file systems, such as btrfs and ZFS, don't promise that. */
    private static final Set<String> SAFE_TO_MAP = Set.of("ext4", "ext3", "ext2", "xfs", "tmpfs");

    /** The type of the file system that contains a directory, after links. */
    interface FileSystemType {
        public String of(Path directory) throws IOException;
    }

    private final StorageKind wanted;
    private final FileSystemType type;

    public Storages(StorageKind wanted) {
        this(wanted, directory -> Files.getFileStore(directory).type());
    }

    Storages(StorageKind wanted, FileSystemType type) {
        this.wanted = wanted;
        this.type = type;
    }

    /**
     * @param root an existing directory
     * @throws IllegalArgumentException if {@code MAPPED} is wanted and the file system has no mappings
     */
    public SegmentStorage of(Path root) throws IOException {
        boolean ofMachine = root.getFileSystem().equals(FileSystems.getDefault());
        if (wanted == StorageKind.MAPPED && !ofMachine) {
            throw new IllegalArgumentException("Storage.MAPPED can't map files of this file system: fileSystem=" + root.getFileSystem()
                    + ", root=" + root + "; use AUTO or CHANNEL");
        }
        boolean maps = wanted == StorageKind.MAPPED || (wanted == StorageKind.AUTO && ofMachine && isSafeToMap(root));
        return maps ? new MappedStorage() : new ChannelStorage();
    }

    /** Checks both: the folder of segments may be a link to another file system or a mount, and the root contains mapped files too. */
    private boolean isSafeToMap(Path root) {
        Path streams = StreamDirectory.in(root);
        return hasSafeType(root) && (!Files.exists(streams) || hasSafeType(streams));
    }

    /** If the JDK doesn't find the mount, for example because a process sees only a part of the file system, the type isn't known: that counts as unsafe. */
    private boolean hasSafeType(Path directory) {
        try {
            return SAFE_TO_MAP.contains(type.of(directory));
        } catch (IOException e) {
            return false;
        }
    }
}
