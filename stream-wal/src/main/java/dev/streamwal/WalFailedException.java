package dev.streamwal;

import dev.streamwal.reader.WalException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A flush failed: nothing more is acknowledged. Close the log and open it again, which recovers. To try again doesn't help, since after a
 * failed flush nobody knows which of the written pages the disk has. Reading goes on, and what was acknowledged before is not affected.
 */
public final class WalFailedException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null where there is none
     * @param stream the key of the stream concerned; null where there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} where there is none
     * @param cause the failure after which the log acknowledges nothing
     */
    public WalFailedException(
            String message, @Nullable Path file, @Nullable String stream, long position, Throwable cause) {
        super(message, file, stream, position, cause);
    }
}
