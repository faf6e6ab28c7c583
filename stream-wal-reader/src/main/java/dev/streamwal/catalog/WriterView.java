package dev.streamwal.catalog;

import java.util.OptionalLong;

/** What the writer of a log knows and its files don't say yet, for readers in the same process. Thread-safe. */
public interface WriterView {

    /** The stream position where what is reserved in the stream ends; empty where the writer knows no such stream. */
    OptionalLong reservedEnd(String key);

    /** Whether the slot at this position was given up and will never be published. */
    boolean abandoned(String key, long position);

    /** Whether the segment with this position can still change: it is appended to, or has no footer yet. */
    boolean unfinished(String key, long position);
}
