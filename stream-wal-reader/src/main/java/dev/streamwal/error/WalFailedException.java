package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A flush failed: the log acknowledges and appends nothing more, at any {@code Durability}. Close the log and open it again, which recovers it.
 * Trying again doesn't help: after a failed flush it is unknown which of the written pages are on the disk.
 *
 * <p>{@code BUFFERED} appends are refused too, for two reasons. A failed log seals and deletes nothing any more, so a program that never asks for a
 * flush would fill its disk without being told. And the system may drop pages that it could not write, so records might be gone before the process
 * ends. Reading goes on, and what was acknowledged as durable before is not affected.
 *
 * @since 1.0
 */
public final class WalFailedException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} if there is none
     * @param cause the failure after which the log acknowledges nothing
     */
    public WalFailedException(
            String message, @Nullable Path file, @Nullable String key, long position, Throwable cause) {
        super(message, file, key, position, cause);
    }
}
