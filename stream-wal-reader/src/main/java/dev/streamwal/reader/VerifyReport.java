package dev.streamwal.reader;

import java.util.List;

/**
 * What verifying every checksum of a stream found.
 *
 * @param key of the stream
 * @param records that verify
 * @param bytes of their frames
 * @param damage in order of position, at most {@value #MAX_DAMAGE}
 * @param truncated whether there was more damage than {@code damage} lists
 */
public record VerifyReport(String key, long records, long bytes, List<Damage> damage, boolean truncated) {

    /** More would only say again that the disk is broken. */
    public static final int MAX_DAMAGE = 1_000;

    /**
     * Copies the list.
     *
     * @param key of the stream
     * @param records that verify
     * @param bytes of their frames
     * @param damage in order of position
     * @param truncated whether there was more
     */
    public VerifyReport {
        damage = List.copyOf(damage);
    }
}
