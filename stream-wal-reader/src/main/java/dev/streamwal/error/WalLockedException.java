package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Somebody writes this log already, in this process or another one: close that one first, or use a
 * {@code WalReader}. Whoever has it open is not affected.
 *
 * <p>Thrown by a log that is open, it says that somebody else has opened it meanwhile, which is possible where the process has lost its lock
 * and can't be seen, in another container say. From then on the log takes and acknowledges nothing; what it acknowledged as durable before is
 * there. Close it.
 *
 * @since 1.0
 */
public final class WalLockedException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null where there is none
     * @param key the key of the stream concerned; null where there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} where there is none
     */
    public WalLockedException(String message, @Nullable Path file, @Nullable String key, long position) {
        super(message, file, key, position);
    }
}
