package dev.streamwal.image;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A log changed while it was copied, so that what was found doesn't belong together; a later attempt may find what does. */
public final class ImageChangedException extends IOException {

    private static final long serialVersionUID = 1L;

    public ImageChangedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
