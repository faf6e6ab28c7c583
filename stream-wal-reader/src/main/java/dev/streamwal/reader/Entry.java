package dev.streamwal.reader;

import io.netty.buffer.ByteBuf;
import java.time.Instant;

/**
 * One record. {@link #header()} and {@link #content()} are read-only, and how long they are valid is said by who hands the entry out: an
 * {@link EntryBatch} until it is closed, unless retained; a copy on the heap for as long as it is held. Not thread-safe.
 *
 * <p>Each of the two is the same buffer at every call, with indices of its own: a relative read, such as {@code readInt()}, moves them for
 * whoever asks next. So use what reads at an index, such as {@code getInt(int)}, or a {@link ByteBuf#duplicate() duplicate}.
 *
 * @since 1.0
 */
public interface Entry {

    /** {@return where the record stands} */
    EntryRef ref();

    /** {@return epoch milliseconds, as given by the writer or its clock} */
    long timestampMillis();

    /** {@return the same as an instant} */
    default Instant timestamp() {
        return Instant.ofEpochMilli(timestampMillis());
    }

    /** {@return the record's header, the same buffer at every call; empty, never null, where it has none} */
    ByteBuf header();

    /** {@return the record's content, the same buffer at every call} */
    ByteBuf content();

    /** {@return a copy of the header} */
    byte[] headerBytes();

    /** {@return a copy of the content} */
    byte[] contentBytes();
}
