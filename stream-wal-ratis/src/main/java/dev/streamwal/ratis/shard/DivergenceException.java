package dev.streamwal.ratis.shard;

import dev.streamwal.error.WalException;
import org.jspecify.annotations.Nullable;

/** This replica's log isn't what the others' are. */
final class DivergenceException extends WalException {

    private static final long serialVersionUID = 1L;

    DivergenceException(String message, @Nullable String key, long position) {
        super(message, null, key, position, null);
    }
}
