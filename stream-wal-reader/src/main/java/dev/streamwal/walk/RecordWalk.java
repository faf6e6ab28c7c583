package dev.streamwal.walk;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.segment.WalkedRecord;

/**
 * A way through records, one after the other: of one stream or of several, forwards or backwards. After {@link #next()} returned true it
 * stands on that {@link #record()}. One thread; close it.
 */
public interface RecordWalk extends AutoCloseable {

    /** Goes to the next record; false where there is none, for now. What it throws it throws once: the call after goes on behind it. */
    boolean next();

    /** @throws WalClosedException where the walk, or what it reads, has been closed */
    void checkUsable();

    /** Of the record's stream. */
    String key();

    /** What it stands on. */
    WalkedRecord record();

    /** Where in the stream a later walk goes on. */
    long nextPosition();

    @Override
    void close();
}
