package dev.streamwal.image;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A log changed while it was copied, so that the files found aren't of one moment; a later attempt may find files that are. */
public final class ImageChangedException extends IOException {

    private static final long serialVersionUID = 1L;

    public ImageChangedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
