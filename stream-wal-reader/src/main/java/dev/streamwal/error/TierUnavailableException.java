package dev.streamwal.error;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Data that is in the log's tier can't be read now: the tier can't be reached, refuses, answers with something else than what was stored there, or
 * wasn't given to the reader. Nothing is known to be lost, damaged or expired: try again, or give the tier. Data in the log's directory can still be
 * read.
 *
 * @since 1.0
 */
public final class TierUnavailableException extends WalIOException {

    private static final long serialVersionUID = 1L;

    /** Where the tier is. */
    private final String tier;

    /** Name of the object in it. */
    private final String object;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param tier where the tier is, as far as it is known
     * @param object name of the object in the tier; empty if the failure concerns all of the tier
     * @param file the pack's file, as it would be called in the log's directory; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     * @param cause the exception that led to this one; null if there is none
     */
    public TierUnavailableException(String message, String tier, String object, @Nullable Path file, @Nullable String key, long position,
            @Nullable Throwable cause) {
        super(message, file, key, position, cause);
        this.tier = tier;
        this.object = object;
    }

    /** {@return where the tier is, as far as it is known} */
    public String tier() {
        return tier;
    }

    /** {@return the name of the object in the tier that was asked for, which begins with the pack's number; empty if all of the tier is concerned} */
    public String object() {
        return object;
    }
}
