package dev.streamwal.commit;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What was written may not be on the disk, and asking again would not say so: a kernel forgets what it could not write. So it is final, and
 * the log with it.
 */
public final class FlushFailedException extends IOException {

    private static final long serialVersionUID = 1L;

    FlushFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
