package dev.streamwal.ratis.shard;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** No shard can begin with an image. */
final class DamagedImageException extends IOException {

    private static final long serialVersionUID = 1L;

    DamagedImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
