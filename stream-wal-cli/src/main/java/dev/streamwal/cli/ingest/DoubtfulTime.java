package dev.streamwal.cli.ingest;

/**
 * What becomes of a local time that stands for no single instant: where clocks are put back there are two, where they are put forward none.
 */
public enum DoubtfulTime {
    /** The row is a bad one. */
    BAD,
    /** By the offset that gives the earlier instant. */
    EARLIER,
    /** By the offset that gives the later instant. */
    LATER
}
