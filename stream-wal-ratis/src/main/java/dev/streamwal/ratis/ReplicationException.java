package dev.streamwal.ratis;

import dev.streamwal.error.WalException;
import org.jspecify.annotations.Nullable;

/**
 * A replicated log didn't do what it was asked, or a replica has stopped. The message says whether an append may have happened all the same.
 *
 * @since 1.0
 */
public final class ReplicationException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * With what has happened.
     *
     * @param message what is wrong, and what to do
     * @param key of the stream concerned; null where there is none
     * @param cause null where there is none
     */
    public ReplicationException(String message, @Nullable String key, @Nullable Throwable cause) {
        super(message, null, key, NO_POSITION, cause);
    }
}
