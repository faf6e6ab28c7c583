package dev.streamwal.io;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A log's tier didn't give what was asked of it. To readers it is an exception of the file system, so it never counts as damage or as a deletion;
 * {@link IoFailure} turns it into the exception that the library's caller gets.
 */
public final class TierFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private final String tier;
    private final String object;

    /**
     * @param message what is wrong
     * @param tier where it is, as people know it
     * @param object name of the object concerned; empty if none is
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

    /** Name of the object concerned; empty if none is. */
    public String object() {
        return object;
    }
}
