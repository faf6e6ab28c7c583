package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * This log is open for writing already, in this process or another one: close it there first, or use a {@code WalReader}. The open log is not
 * affected.
 *
 * <p>An open log throws this exception after another process has opened the same log. That can happen if this process has lost its lock, and the
 * other process can't see it, for instance in another container. From then on this log takes and acknowledges nothing; what it acknowledged as
 * durable before is kept. Close it.
 *
 * @since 1.0
 */
public final class WalLockedException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} if there is none
     */
    public WalLockedException(String message, @Nullable Path file, @Nullable String key, long position) {
        super(message, file, key, position);
    }
}
