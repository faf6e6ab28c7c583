package dev.streamwal.append;

/** Whether a stream has segments of its own, or shares them with others. */
public enum SegmentChoice {
    /** Its own while there are few such streams. */
    AUTO,
    OWN,
    SHARED
}
