package dev.streamwal.measure;

/** What an append may wait for, besides its own flush. */
public enum StallCause {
    /** Another segment for the stream. */
    ROTATION,
    /** Space in the file, if the thread that prepares it is behind. */
    SPACE,
    /** Segments that wait for their footers: the appending thread helps. */
    SEALING,
    /** Packing, which doesn't keep up with appends to shared segments. */
    PACKING,
    /** A flush of what the stream has in shared segments, before it gets segments of its own, or the other way round. */
    SHARED,
    /** Room in the commit journal. */
    JOURNAL
}
