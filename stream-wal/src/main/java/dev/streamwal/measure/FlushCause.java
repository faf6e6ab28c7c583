package dev.streamwal.measure;

/** Why something is forced to the disk. */
public enum FlushCause {
    /** A block of the commit journal: durable appends wait for it, and periodic flushes. */
    COMMIT,
    /** A segment in place of a block, since so much was appended to it that the journal would only be in the way. */
    SEGMENT,
    /** A segment that gets its footer. */
    SEAL,
    /** What blocks of the journal mention, so that the journal's space can be used again. */
    CHECKPOINT
}
