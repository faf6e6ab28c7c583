package dev.streamwal.measure;

/** What a pack is made of. */
public enum PackTask {
    /** Small segments of single streams. */
    OWN,
    /** Shared segments. */
    SHARED,
    /** Other packs. */
    MERGE
}
