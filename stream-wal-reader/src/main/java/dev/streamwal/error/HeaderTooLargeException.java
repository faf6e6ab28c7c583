package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A record's header is larger than 65,535 bytes: put less into it, and more into the content. Nothing was appended.
 *
 * @since 1.0
 */
public final class HeaderTooLargeException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} if there is none
     */
    public HeaderTooLargeException(String message, @Nullable Path file, @Nullable String key, long position) {
        super(message, file, key, position);
    }
}
