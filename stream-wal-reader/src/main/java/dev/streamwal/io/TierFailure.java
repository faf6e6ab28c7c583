package dev.streamwal.io;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A log's tier didn't give what was asked of it. It is an exception of the file system for all who read, and so never damage, and never something
 * that was deleted; {@link IoFailure} makes of it what the caller of the library gets.
 */
public final class TierFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private final String tier;
    private final String object;

    /**
     * @param message what is wrong
     * @param tier where it is, as people know it
     * @param object name of the object concerned; empty where none is
     * @param then what to do next
     */
    public TierFailure(String message, String tier, String object, String then, @Nullable Throwable cause) {
        super(message + (cause == null ? "" : ": " + cause) + ", tier=" + tier + (object.isEmpty() ? "" : ", object=" + object) + "; " + then, cause);
        this.tier = tier;
        this.object = object;
    }

    /** Where the tier is, as people know it. */
    public String tier() {
        return tier;
    }

    /** Name of the object concerned; empty where none is. */
    public String object() {
        return object;
    }
}
