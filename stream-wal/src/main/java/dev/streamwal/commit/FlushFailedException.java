package dev.streamwal.commit;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What was written may not be on the disk, and a second attempt would not reveal that: a kernel drops pages that it could not write. So the
 * failure is final for the log.
 */
public final class FlushFailedException extends IOException {

    private static final long serialVersionUID = 1L;

    FlushFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
