package dev.streamwal.manifest;

import java.nio.charset.StandardCharsets;

/**
 * The tier of a log.
 *
 * @param serial the highest serial that this log has given, or was about to give, to an object that says what the tier has. A copy of the log's
 *     directory, or one put back to an earlier state, finds a higher serial in the tier, and so notices that the tier isn't as it left it
 * @param location the tier's place as the last writer that had it saw it, for messages, and for readers that aren't given another place; without
 *     credentials
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
