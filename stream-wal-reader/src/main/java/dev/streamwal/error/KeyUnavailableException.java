package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A key that records are encrypted with isn't available: the program gave no master keys, or not this one, or another one under its id. Nothing is
 * damaged: with the right key everything can be read.
 *
 * @since 1.0
 */
public final class KeyUnavailableException extends WalException {

    private static final long serialVersionUID = 1L;

    /** Id of the key that is missing, or wrong. */
    private final String keyId;

    /**
     * For implementations of {@link dev.streamwal.keys.MasterKeys}, if a master key isn't available.
     *
     * @param message what is wrong, the key's id, where, and what to do next
     * @param keyId of the key that is missing, or wrong
     * @param cause the exception that led to this one; null if there is none
     */
    public KeyUnavailableException(String message, String keyId, @Nullable Throwable cause) {
        this(message, keyId, null, null, NO_POSITION, cause);
    }

    /**
     * Made by the library.
     *
     * @param message what is wrong, the key's id, where, and what to do next
     * @param keyId of the key that is missing, or wrong; empty if a file of keys can't be read
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     * @param cause the exception that led to this one; null if there is none
     */
    public KeyUnavailableException(
            String message, String keyId, @Nullable Path file, @Nullable String key, long position, @Nullable Throwable cause) {
        super(message, file, key, position, cause);
        this.keyId = keyId;
    }

    /**
     * Which key is missing, or wrong.
     *
     * @return the id of the master key; if that isn't known, the id of a session key as 8 hexadecimal digits; empty if a file of keys can't be read
     */
    public String keyId() {
        return keyId;
    }
}
