package dev.streamwal.append;

/** Whether a stream has segments of its own, or shares them with others. */
public enum SegmentChoice {
    /** Segments of its own while few streams have any. */
    AUTO,
    OWN,
    SHARED
}
