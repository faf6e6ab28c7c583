package dev.streamwal;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.format.SchemaTag;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.retention.TimeRules;
import java.time.Instant;
import java.util.Objects;

/**
 * One key's records, as values of a type. A codec encodes each value in the thread that appends it, into a buffer that the thread reuses, before the
 * record gets a place: so appending makes no garbage except the reference, and other threads never wait for the codec. If the codec throws, the
 * append throws the same exception, and nothing was appended. Thread-safe, if the codec's {@code encode} is.
 *
 * <p>Each record's header ends in 8 bytes that say which schema its content follows. The stream may also hold other records, typed or not:
 * {@link #stream()} appends them. Batches, appends of another durability than the stream's, and those that don't wait, take a
 * {@link WriteEntry#typed(RecordCodec, Object, long)}.
 *
 * <p>All appends throw what {@link WalStream} says, and what the codec throws. Header and content together may have at most {@code maxRecordBytes}.
 *
 * @param <T> type of the values
 * @since 1.0
 */
public final class TypedStream<T> {

    private static final byte[] NO_HEADER = {};

    private final WalStream stream;
    private final RecordCodec<T> codec;
    private final long tag;

    TypedStream(WalStream stream, RecordCodec<T> codec) {
        this.stream = stream;
        this.codec = codec;
        this.tag = SchemaTag.of(Objects.requireNonNull(codec, "codec").schemaId(), codec.version());
    }

    /** {@return the stream's key} */
    public String key() {
        return stream.key();
    }

    /** {@return the same stream, for bytes} */
    public WalStream stream() {
        return stream;
    }

    /**
     * Appends a value, at the time of the log's clock.
     *
     * @param value to be encoded
     * @return where the record is
     */
    public EntryRef append(T value) {
        return append(WriteEntry.NOW, value);
    }

    /**
     * Appends a value.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param value to be encoded
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, T value) {
        return append(timestampMillis, NO_HEADER, value);
    }

    /**
     * Appends a value.
     *
     * @param timestamp stored as the millisecond in which it lies, as by {@link WalStream#append(Instant, byte[])}
     * @param value to be encoded
     * @return where the record is
     */
    public EntryRef append(Instant timestamp, T value) {
        return append(TimeRules.millis(timestamp), value);
    }

    /**
     * Appends a value, with a header of the program's own.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param header at most 65,527 bytes; may be empty
     * @param value to be encoded
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, byte[] header, T value) {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(value, "value");
        return stream.appendEncoded(timestampMillis, codec, tag, header, value);
    }

    /** The key. */
    @Override
    public String toString() {
        return stream.toString();
    }
}
