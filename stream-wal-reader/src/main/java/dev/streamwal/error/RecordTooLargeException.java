package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A record, or a batch of them, is larger than the stream's options allow: split it, or raise {@code maxRecordBytes} or
 * {@code segmentBytes}. Nothing was appended.
 *
 * @since 1.0
 */
public final class RecordTooLargeException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} if there is none
     */
    public RecordTooLargeException(String message, @Nullable Path file, @Nullable String key, long position) {
        super(message, file, key, position);
    }
}
