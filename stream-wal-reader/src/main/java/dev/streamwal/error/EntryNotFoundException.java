package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * There is no record at this position of the stream: there never was one, or it was erased or cut off. Also thrown to a consumer that has committed
 * more than its stream holds.
 *
 * @since 1.0
 */
public final class EntryNotFoundException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     * @param cause the exception that led to this one; null if there is none
     */
    public EntryNotFoundException(
            String message, @Nullable Path file, @Nullable String key, long position, @Nullable Throwable cause) {
        super(message, file, key, position, cause);
    }
}
