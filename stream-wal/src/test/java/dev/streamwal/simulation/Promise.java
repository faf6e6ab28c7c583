package dev.streamwal.simulation;

/** What a log promises of its records beyond never making any up, which it always promises. */
enum Promise {
    /** Every stream can be read and appended to. */
    EVERY_STREAM_OPENS,
    /** A stream is a beginning of what was appended, without holes. */
    NO_HOLES,
    /** What was acknowledged is there. */
    ACKNOWLEDGED_IS_THERE,
    /** What was acknowledged as durable is there, with all before it in its stream. */
    DURABLE_IS_THERE,
    /** What was deleted or cut off doesn't come back. */
    DELETED_STAYS_DELETED,
    /** Whoever recovers after a crash in the middle of recovery finds what the first would have found. */
    RECOVERS_THE_SAME_AGAIN;
}
