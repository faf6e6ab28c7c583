package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The file system or the quota has no room left, or only the room that the log keeps free to pack its shared segments, some 80 MiB by default: free
 * some space, then try again.
 *
 * @since 1.0
 */
public final class DiskFullException extends WalIOException {

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
    public DiskFullException(
            String message, @Nullable Path file, @Nullable String key, long position, @Nullable Throwable cause) {
        super(message, file, key, position, cause);
    }
}
