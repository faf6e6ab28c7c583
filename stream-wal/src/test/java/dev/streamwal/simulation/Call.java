package dev.streamwal.simulation;

/** What a process asks a disk to do. */
public enum Call {
    OPEN,
    READ,
    LIST,
    LOOK,
    WRITE,
    FORCE,
    FORCE_DIRECTORY,
    CREATE,
    RENAME,
    LINK,
    TRUNCATE,
    DELETE,
    MAKE_DIRECTORY,
    REMOVE_DIRECTORY,
    /** No call: what was stored through a mapping was found to have changed. */
    STORE;

    /** Whether it leaves anything on the disk, and so has a place in its history. */
    boolean changes() {
        return ordinal() >= WRITE.ordinal();
    }

    /** Whether it needs room. */
    boolean allocates() {
        return this == WRITE || this == CREATE || this == RENAME || this == LINK || this == MAKE_DIRECTORY;
    }
}
