package dev.streamwal.manifest;

import java.nio.charset.StandardCharsets;

/**
 * The tier of a log.
 *
 * @param location where the last writer that had it saw it, for people, and for readers that aren't told another one; without credentials
 */
public record LogTier(TierId id, String location) {

    /** Limit of the location's UTF-8. */
    public static final int MAX_LOCATION_BYTES = 1 << 16;

    public LogTier {
        if (location.getBytes(StandardCharsets.UTF_8).length > MAX_LOCATION_BYTES) {
            throw new IllegalArgumentException("location of a tier is longer than " + MAX_LOCATION_BYTES + " bytes: characters=" + location.length());
        }
    }
}
