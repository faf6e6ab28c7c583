package dev.streamwal.commit;

import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.io.IoFailure;
import java.io.IOException;
import java.nio.file.Path;
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

    /**
     * As callers get it.
     *
     * @param root the log's directory
     * @param key of the stream concerned; null if there is none
     */
    public WalException published(Path root, @Nullable String key) {
        if (getCause() instanceof WalException known) {
            // the right to write was lost
            return known;
        }
        return new WalFailedException("a flush failed, and the log acknowledges no more appends: " + getMessage() + systemError() + ", root=" + root
                + "; close the log and open it again: opening recovers", root, key, WalException.NO_POSITION, this);
    }

    /** What the system said, as a value of a message. Not part of this exception's own message, so that a failed flush isn't taken for a full disk. */
    private String systemError() {
        Throwable said = getCause();
        while (said instanceof FlushFailedException && said.getCause() != null) {
            said = said.getCause();
        }
        if (said == null) {
            return "";
        }
        return ", error=" + (said instanceof IOException io ? IoFailure.fault(io) : said);
    }
}
