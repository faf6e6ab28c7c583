package dev.streamwal.reader;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.error.UndecodableRecordException;
import io.netty.buffer.ByteBuf;
import java.time.Instant;

/**
 * One record. {@link #header()} and {@link #content()} are read-only. They are valid until the {@link EntryBatch} that they come from is closed,
 * unless retained; those of a copy on the heap stay valid. Not thread-safe.
 *
 * <p>Both methods return the same buffer at every call, with its own reader index: a relative read, such as {@code readInt()}, moves that index for
 * later callers too. So read at an index, such as by {@code getInt(int)}, or read a {@link ByteBuf#duplicate() duplicate}.
 *
 * @since 1.0
 */
public interface Entry {

    /** {@return the reference of the record} */
    EntryRef ref();

    /** {@return epoch milliseconds, as given by the writer or its clock} */
    long timestampMillis();

    /** {@return {@link #timestampMillis()} as an instant} */
    default Instant timestamp() {
        return Instant.ofEpochMilli(timestampMillis());
    }

    /** {@return the record's header, the same buffer at every call; empty, never null, if it has none} */
    ByteBuf header();

    /** {@return the record's content, the same buffer at every call} */
    ByteBuf content();

    /** {@return a copy of the header} */
    byte[] headerBytes();

    /** {@return a copy of the content} */
    byte[] contentBytes();

    /**
     * The value that a typed record holds. It is made again at every call; the indices of both buffers stay as they are.
     *
     * @param <T> type of the value
     * @param codec makes it of the content
     * @return the value
     * @throws UndecodableRecordException if the record isn't one that the codec reads, or the codec throws
     * @throws IllegalArgumentException if the codec's schema id or version is out of range
     */
    default <T> T value(RecordCodec<T> codec) {
        return Decoding.value(codec, this);
    }
}
