package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a segment, or of another file of the log, differ from what was written. A cursor that meets damage throws this exception once; its next
 * {@code next()} goes on at the next record that verifies.
 *
 * @since 1.0
 */
public final class CorruptSegmentException extends WalException {

    private static final long serialVersionUID = 1L;

    /** Bytes. */
    private final long offset;
    /** Bytes. */
    private final long length;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     * @param offset where in the file the damage starts, in bytes
     * @param length how far it reaches, in bytes: to the next record that verifies, or to the end of the data
     * @param cause the exception that led to this one; null if there is none
     */
    public CorruptSegmentException(
            String message,
            @Nullable Path file,
            @Nullable String key,
            long position,
            long offset,
            long length,
            @Nullable Throwable cause) {
        super(message, file, key, position, cause);
        this.offset = offset;
        this.length = length;
    }

    /** {@return where in {@link #file()} the damage starts, in bytes} */
    public long offset() {
        return offset;
    }

    /** {@return how many bytes are affected: to the next record that verifies, or to the end of the data} */
    public long length() {
        return length;
    }
}
