package dev.streamwal.segment;

/** Why a scan of a segment found no further record. */
public enum ScanStop {
    /** The end of the range to scan, or a zero commit word with nothing valid behind it. */
    CLEAN_END,
    /** A zero commit word with valid records behind it: a slot that is reserved and not (yet) published. */
    HOLE,
    /** Bytes that don't verify, with nothing valid behind them. */
    TORN_TAIL,
    /**
     * Bytes that don't verify, with valid records behind them. Also if the bounded search for such records gave up: then none is known, but there may be some.
     */
    CORRUPT,
    /** A record that verifies, but has flags that this version doesn't know. */
    TOO_NEW
}
