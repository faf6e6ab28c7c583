package dev.streamwal.reader;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.error.UndecodableRecordException;
import io.netty.buffer.ByteBuf;
import java.time.Instant;

/**
 * Goes through records, as an {@link EntryCursor} does, and makes values of them. It makes no garbage except the values, and what an
 * {@link EntryCursor} makes. One thread; close it.
 *
 * <p>A record that the codec can't read doesn't end it: {@link #value()} throws, and {@link #next()} goes on.
 *
 * @param <T> type of the values
 * @since 1.0
 */
public class TypedCursor<T> implements AutoCloseable {

    private final EntryCursor entries;
    private final RecordCodec<T> codec;

    TypedCursor(EntryCursor entries, RecordCodec<T> codec) {
        Decoding.check(codec);
        this.entries = entries;
        this.codec = codec;
    }

    /**
     * Goes to the next record, as {@link EntryCursor#next()} does, and throws what that throws. It doesn't ask the codec.
     *
     * @return false if there is none, for now
     */
    public boolean next() {
        return entries.next();
    }

    /**
     * The record's value, which the codec makes again at every call.
     *
     * @return the value
     * @throws UndecodableRecordException if the record isn't one that the codec reads, or the codec throws
     */
    public T value() {
        return Decoding.value(codec, entries.schemaTag(), entries.wholeContent(), entries.key(), entries.position());
    }

    /** {@return the key of the stream} */
    public String key() {
        return entries.key();
    }

    /** {@return the record's position in the stream} */
    public long position() {
        return entries.position();
    }

    /** {@return epoch milliseconds} */
    public long timestampMillis() {
        return entries.timestampMillis();
    }

    /** {@return {@link #timestampMillis()} as an instant, a new object at each call} */
    public Instant timestamp() {
        return entries.timestamp();
    }

    /**
     * The header that the program appended beside the value: the record's header without the schema tag at its end. Read-only, empty if there is
     * none; valid until {@link #next()} or {@link #close()}. It can't be retained.
     *
     * @return the cursor's own buffer, with its reader index at 0
     */
    public ByteBuf header() {
        return entries.headerBeforeTag();
    }

    /** {@return a reference to the record, by which it can be read again} */
    public EntryRef ref() {
        return entries.ref();
    }

    /** {@return a copy of the record's bytes, on the heap} */
    public Entry copy() {
        return entries.copy();
    }

    /**
     * As {@link EntryCursor#nextPosition()}.
     *
     * @return where a later cursor resumes
     */
    public long nextPosition() {
        return entries.nextPosition();
    }

    /** Releases its buffers. A second call does nothing. */
    @Override
    public void close() {
        entries.close();
    }
}
