package dev.streamwal;

import dev.streamwal.reader.WalException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Somebody writes this log already, in this process or another one: close that one first, or use a
 * {@link dev.streamwal.reader.WalReader}. Whoever has it open is not affected.
 */
public final class WalLockedException extends WalException {

    private static final long serialVersionUID = 1L;

    /**
     * The arguments are those of {@link WalException}.
     *
     * @param message what was wrong
     * @param file the file concerned; null where there is none
     * @param stream the key of the stream concerned; null where there is none
     * @param position the stream position concerned; {@link WalException#NO_POSITION} where there is none
     */
    public WalLockedException(String message, @Nullable Path file, @Nullable String stream, long position) {
        super(message, file, stream, position);
    }
}
