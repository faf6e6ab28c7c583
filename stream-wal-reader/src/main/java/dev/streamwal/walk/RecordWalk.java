package dev.streamwal.walk;

import dev.streamwal.error.WalClosedException;
import io.netty.buffer.ByteBuf;

/**
 * A way through records, one after the other: of one stream or of several, forwards or backwards. After {@link #next()} returned true it
 * stands on a record, and the methods from {@link #key()} to {@link #copyBody()} are about that one. One thread; close it.
 */
public interface RecordWalk extends AutoCloseable {

    /** Goes to the next record; false where there is none, for now. What it throws it throws once: the call after goes on behind it. */
    boolean next();

    /** @throws WalClosedException where the walk, or what it reads, has been closed */
    void checkUsable();

    /** Of the record's stream. */
    String key();

    /** The record's. */
    long position();

    /** The record's frame with its padding. */
    int size();

    /** Epoch ms. */
    long timestampMillis();

    /** Bytes. */
    int headerLength();

    /** Bytes. */
    int contentLength();

    /** Appends the record's own header to the target. */
    void copyHeader(ByteBuf target);

    /** Appends the record's content to the target. */
    void copyContent(ByteBuf target);

    /** The record's own header, then its content. */
    byte[] copyBody();

    /** Where in the stream a later walk goes on. */
    long nextPosition();

    @Override
    void close();
}
