package dev.streamwal.walk;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.segment.WalkedRecord;

/**
 * A walk along records, of one stream or of several, forwards or backwards. After {@link #next()} returned true it stands on a {@link #record()}.
 * One thread; close it.
 */
public interface RecordWalk extends AutoCloseable {

    /** Goes to the next record; false if there is none, for now. Each exception is thrown once: the call after goes on beyond its cause. */
    boolean next();

    /** @throws WalClosedException if the walk, or the log that it reads, has been closed */
    void checkUsable();

    /** The key of the record's stream. */
    String key();

    /** The record that it stands on. */
    WalkedRecord record();

    /** Where in the stream a later walk goes on. */
    long nextPosition();

    @Override
    void close();
}
