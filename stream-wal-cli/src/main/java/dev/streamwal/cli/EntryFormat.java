package dev.streamwal.cli;

/** How records are shown. */
enum EntryFormat {
    /** A line: time, ref, header in brackets if there is one, content; what isn't UTF-8, as hexadecimal digits. */
    TEXT,
    /** A line with time and ref, then the bytes. */
    HEX,
    /** An object a line; what isn't UTF-8, in Base64. */
    JSON,
    /** The contents' bytes and nothing else. */
    RAW
}
