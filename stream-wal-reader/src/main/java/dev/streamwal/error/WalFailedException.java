package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A flush failed: nothing more is acknowledged, and nothing more is appended, at whichever {@code Durability}. Close the log and open it again,
 * which recovers. To try again doesn't help, since after a failed flush nobody knows which of the written pages the disk has. {@code
 * BUFFERED} appends are refused too: a log that has failed seals and deletes nothing any more, so a program that asks for no flush
 * would fill its disk without being told; and pages that could not be written may be dropped, so that records might be gone before the process
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
     * @param file the file concerned; null where there is none
     * @param key the key of the stream concerned; null where there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} where there is none
     * @param cause the failure after which the log acknowledges nothing
     */
    public WalFailedException(
            String message, @Nullable Path file, @Nullable String key, long position, Throwable cause) {
        super(message, file, key, position, cause);
    }
}
