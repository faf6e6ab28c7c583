package dev.streamwal;

import dev.streamwal.recovery.DamagePolicy;

/**
 * What recovery does with damage: with a record that is not what was written, though it must be there. Either because it was acknowledged
 * as durable, or because the writer of its segment closed the log.
 *
 * <p>It is not asked about what a crash may leave. Slots that a killed process had reserved, and a torn end that nobody was promised to
 * survive, are brought in order under either policy. Nor does it concern reading: readers tell of damage, and go on behind it.
 *
 * @since 1.0
 */
public enum RecoveryPolicy {

    /**
     * A damaged stream can be read, and not appended to: what would append to it gets a
     * {@link dev.streamwal.error.CorruptSegmentException}, which names the file and the offset. Its files stay as they are. The other
     * streams are as always.
     */
    STOP_AT_FIRST_ERROR(DamagePolicy.STOP_AT_FIRST_ERROR),

    /**
     * A damaged stream goes on behind the damage. The damaged bytes are copied to the log's directory {@code quarantine} and overwritten
     * with padding; what stands behind them keeps its place. Where records are missing altogether, or a segment's header can't be read,
     * what is there is left as it is, and what is appended next gets positions that were never given. All of it is in the log's
     * {@link RecoveryReport}. A stream is still refused where {@code quarantine} has no room left, and where a newer version wrote it.
     */
    SKIP_BAD_RECORDS(DamagePolicy.SKIP_BAD_RECORDS);

    private final DamagePolicy ofRecovery;

    RecoveryPolicy(DamagePolicy ofRecovery) {
        this.ofRecovery = ofRecovery;
    }

    DamagePolicy ofRecovery() {
        return ofRecovery;
    }
}
