package dev.streamwal.reader;

import io.netty.buffer.ByteBuf;

/**
 * One record. {@link #header()} and {@link #content()} are read-only, have indices of their own, and are the same buffer at every call;
 * how long they are valid is said by who hands the entry out: an {@link EntryBatch} until it is closed, unless retained; a copy on the
 * heap for as long as it is held. Not thread-safe.
 */
public interface Entry {

    /** {@return where the record stands} */
    EntryRef ref();

    /** {@return epoch milliseconds, as given by the writer or its clock} */
    long timestampMillis();

    /** {@return the record's header; empty, never null, where it has none} */
    ByteBuf header();

    /** {@return the record's content} */
    ByteBuf content();

    /** {@return a copy of the header} */
    byte[] headerBytes();

    /** {@return a copy of the content} */
    byte[] contentBytes();
}
