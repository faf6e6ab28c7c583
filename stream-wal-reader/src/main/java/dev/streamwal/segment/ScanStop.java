package dev.streamwal.segment;

/** What a scan of a segment has come to where there is no further record to hand out. */
public enum ScanStop {
    /** Nothing more: the end of what was to be scanned, or a zero commit word with nothing valid behind it. */
    CLEAN_END,
    /** A zero commit word with valid records behind it: reserved, and not (yet) published. */
    HOLE,
    /** Something that doesn't verify, with nothing valid behind it. */
    TORN_TAIL,
    /**
     * Something that doesn't verify, with valid records behind it. Also anything where the search for them, whose work is bounded, was
     * given up: then none is known, and there may be some.
     */
    CORRUPT,
    /** A record that verifies, and whose flags this version doesn't know. */
    TOO_NEW
}
