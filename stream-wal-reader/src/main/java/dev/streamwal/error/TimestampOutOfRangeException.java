package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A record's timestamp is further in the future than {@code maxClockSkew} allows, so old that its window has expired
 * already, or outside the years 1 to 9999: look at its unit (epoch milliseconds) and at the clock. Nothing was
 * appended.
 *
 * @since 1.0
 */
public final class TimestampOutOfRangeException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} if there is none
     */
    public TimestampOutOfRangeException(String message, @Nullable Path file, @Nullable String key, long position) {
        super(message, file, key, position);
    }
}
