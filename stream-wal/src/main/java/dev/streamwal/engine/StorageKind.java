package dev.streamwal.engine;

/** How segments are written, as the public option of these names says. */
public enum StorageKind {
    AUTO,
    MAPPED,
    CHANNEL
}
