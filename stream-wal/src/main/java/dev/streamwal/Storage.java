package dev.streamwal;

import dev.streamwal.engine.StorageKind;

/**
 * How segments are written. The bytes are the same; a log may be opened with another storage each time.
 *
 * @since 1.0
 */
public enum Storage {

    /**
     * {@link #MAPPED} on Linux's ext2 to ext4, xfs and tmpfs, where zeros written ahead reserve space; {@link #CHANNEL} elsewhere. That is decided by
     * the root and its folder {@code segments}, which may be a link or a mount; folders within it are not looked at.
     */
    AUTO(StorageKind.AUTO),

    /** Through memory mappings, without a system call per record. */
    MAPPED(StorageKind.MAPPED),

    /**
     * Every append by a positional write, a batch by one gathering write. Works on any
     * {@link java.nio.file.FileSystem}.
     */
    CHANNEL(StorageKind.CHANNEL);

    private final StorageKind kind;

    Storage(StorageKind kind) {
        this.kind = kind;
    }

    StorageKind kind() {
        return kind;
    }
}
