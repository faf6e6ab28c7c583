package dev.streamwal;

import dev.streamwal.retention.TimeRules;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Objects;

/**
 * A record to append. The buffers are not copied: an append writes what stands between their position and limit when it is called, and leaves
 * both as they were. Immutable as long as the buffers aren't modified; then it can be appended any number of times, by several threads.
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

    private static final ByteBuffer NO_HEADER = ByteBuffer.allocate(0);

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
        return new WriteEntry(NO_HEADER, ByteBuffer.wrap(content), timestampMillis);
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
        return new WriteEntry(ByteBuffer.wrap(header), ByteBuffer.wrap(content), timestampMillis);
    }
}
