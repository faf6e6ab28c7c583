package dev.streamwal.segment;

import io.netty.buffer.ByteBuf;

/** The record that a walk stands on, until the walk is moved. */
public interface WalkedRecord {

    long position();

    /** Bytes of its frame with padding, as in a reference to it. */
    int frameBytes();

    /** Epoch ms. */
    long timestampMillis();

    /** Bytes. */
    int headerLength();

    /** Bytes, as they are stored. */
    int contentLength();

    /** Whether header and content are encrypted: see {@link dev.streamwal.format.SealLayout}. */
    boolean isSealed();

    /** Appends the record's own header to the target. */
    void copyHeader(ByteBuf target);

    /** Appends the record's content to the target. */
    void copyContent(ByteBuf target);

    /** The record's own header, then its content. */
    byte[] copyBody();
}
