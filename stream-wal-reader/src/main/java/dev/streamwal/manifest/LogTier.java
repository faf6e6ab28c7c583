package dev.streamwal.manifest;

import java.nio.charset.StandardCharsets;

/**
 * The tier of a log.
 *
 * @param serial the highest that this log has given, or was about to give, to an object that says what the tier has. A directory that was copied, or put
 *     back to an earlier state, doesn't know of those that came later, and so knows that the tier isn't as it left it
 * @param location where the last writer that had it saw it, for people, and for readers that aren't told another one; without credentials
 */
public record LogTier(TierId id, long serial, String location) {

    /** Limit of the location's UTF-8. */
    public static final int MAX_LOCATION_BYTES = 1 << 16;

    public LogTier {
        if (serial < 0) {
            throw new IllegalArgumentException("serial of a tier is negative: serial=" + serial);
        }
        if (location.getBytes(StandardCharsets.UTF_8).length > MAX_LOCATION_BYTES) {
            throw new IllegalArgumentException("location of a tier is longer than " + MAX_LOCATION_BYTES + " bytes: characters=" + location.length());
        }
    }
}
