package dev.streamwal;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.engine.EncodedRecord;
import dev.streamwal.format.SchemaTag;
import dev.streamwal.retention.TimeRules;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Objects;

/**
 * A record to append. The buffers are not copied: an append writes the bytes between their position and limit when it is called, and leaves
 * both as they were. A local log has read them when the append returns, {@code appendAsync} included. The client of a replicated log, {@code
 * ReplicatedWal}, reads them until the append's future is done. Immutable as long as the buffers aren't modified; then it can be appended any number
 * of times, by several threads.
 *
 * <p>Two are equal if their timestamps are, and the bytes that remain in their buffers.
 *
 * @param header of at most 65,535 bytes; may be empty
 * @param content may be empty
 * @param timestampMillis epoch ms, or {@link #NOW}
 * @since 1.0
 */
public record WriteEntry(ByteBuffer header, ByteBuffer content, long timestampMillis) {

    /** As timestamp: the time by {@link WalOptions#clock()} when the record is appended. */
    public static final long NOW = Long.MIN_VALUE;

    private static final byte[] NO_BYTES = {};
    private static final ByteBuffer NO_HEADER = ByteBuffer.wrap(NO_BYTES);

    /**
     * A record.
     *
     * @param header of at most 65,535 bytes; not copied
     * @param content not copied
     * @param timestampMillis epoch ms, or {@link #NOW}
     * @throws NullPointerException if {@code header} or {@code content} is null
     */
    public WriteEntry {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(content, "content");
    }

    /**
     * A record without a header, at the time when it is appended.
     *
     * @param content not copied
     * @return the record
     */
    public static WriteEntry of(byte[] content) {
        return of(content, NOW);
    }

    /**
     * A record without a header.
     *
     * @param content not copied
     * @param timestampMillis epoch ms, or {@link #NOW}
     * @return the record
     */
    public static WriteEntry of(byte[] content, long timestampMillis) {
        return new WriteEntry(NO_HEADER, ByteBuffer.wrap(Objects.requireNonNull(content, "content")), timestampMillis);
    }

    /**
     * A record without a header.
     *
     * @param content not copied
     * @param timestamp stored as the millisecond in which it lies, as by {@link WalStream#append(Instant, byte[])}
     * @return the record
     */
    public static WriteEntry of(byte[] content, Instant timestamp) {
        return of(content, TimeRules.millis(timestamp));
    }

    /**
     * A record.
     *
     * @param header of at most 65,535 bytes; not copied
     * @param content not copied
     * @param timestamp stored as the millisecond in which it lies, as by {@link WalStream#append(Instant, byte[])}
     * @return the record
     */
    public static WriteEntry of(byte[] header, byte[] content, Instant timestamp) {
        return of(header, content, TimeRules.millis(timestamp));
    }

    /**
     * A record.
     *
     * @param header of at most 65,535 bytes; not copied
     * @param content not copied
     * @param timestampMillis epoch ms, or {@link #NOW}
     * @return the record
     */
    public static WriteEntry of(byte[] header, byte[] content, long timestampMillis) {
        return new WriteEntry(ByteBuffer.wrap(Objects.requireNonNull(header, "header")), ByteBuffer.wrap(Objects.requireNonNull(content, "content")),
                timestampMillis);
    }

    /**
     * A typed record, encoded by this call. An exception of the codec is thrown on.
     *
     * @param <T> type of the value
     * @param codec writes the value
     * @param value not kept
     * @param timestampMillis epoch ms, or {@link #NOW}
     * @return the record
     * @throws IllegalArgumentException if the codec's schema id or version is out of range
     * @throws dev.streamwal.error.RecordTooLargeException if the codec writes more than a record of any stream may have
     */
    public static <T> WriteEntry typed(RecordCodec<T> codec, T value, long timestampMillis) {
        return typed(codec, NO_BYTES, value, timestampMillis);
    }

    /**
     * A typed record with a header of the program's own, encoded by this call. An exception of the codec is thrown on.
     *
     * @param <T> type of the value
     * @param codec writes the value
     * @param header of at most 65,527 bytes; copied
     * @param value not kept
     * @param timestampMillis epoch ms, or {@link #NOW}
     * @return the record
     * @throws IllegalArgumentException if the codec's schema id or version is out of range
     * @throws dev.streamwal.error.RecordTooLargeException if the codec writes more than a record of any stream may have
     */
    public static <T> WriteEntry typed(RecordCodec<T> codec, byte[] header, T value, long timestampMillis) {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(value, "value");
        EncodedRecord encoded = EncodedRecord.of(codec, SchemaTag.of(Objects.requireNonNull(codec, "codec").schemaId(), codec.version()), header, value);
        try {
            return of(encoded.headerBytes(), encoded.contentBytes(), timestampMillis);
        } finally {
            encoded.giveBack();
        }
    }
}
