package dev.streamwal.cli;

import java.util.Locale;

/** How records are shown. */
enum EntryFormat {
    /** A line: time, ref, header in brackets if there is one, content; hexadecimal digits for what isn't UTF-8. */
    TEXT,
    /** A line with time and ref, then the bytes. */
    HEX,
    /** An object per line; Base64 for what isn't UTF-8. */
    JSON,
    /** Only the bytes of the contents. */
    RAW;

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
