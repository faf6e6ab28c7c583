package dev.streamwal.cli.ingest;

/** What happens to a local time that isn't a single instant: when clocks are put back there are two, when they are put forward none. */
public enum DoubtfulTime {
    /** The row is a bad one. */
    BAD,
    /** By the offset that gives the earlier instant. */
    EARLIER,
    /** By the offset that gives the later instant. */
    LATER
}
