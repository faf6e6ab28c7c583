package dev.streamwal;

import dev.streamwal.recovery.DamagePolicy;

/**
 * What recovery does with damage to a stream with segments of its own; streams in shared segments and packs always continue after damage. Damage is
 * a record whose bytes are not what was written, although the record must be there, because it was acknowledged as durable or because the writer of
 * its segment closed the log.
 *
 * <p>The policy doesn't concern what a crash may leave: slots that a killed process had reserved, and a torn end that was not promised to
 * survive, are repaired under either policy. Nor does it concern reading: readers report damage and continue after it.
 *
 * @since 1.0
 */
public enum RecoveryPolicy {

    /**
     * A damaged stream can be read but not appended to: an append throws a {@link dev.streamwal.error.CorruptSegmentException}, which names
     * the file and the offset. The stream's files stay as they are. Other streams are not affected. Shared segments and packs, which have
     * records of many streams, are treated as by {@link #SKIP_BAD_RECORDS}.
     */
    STOP_AT_FIRST_ERROR(DamagePolicy.STOP_AT_FIRST_ERROR),

    /**
     * A damaged stream continues after the damage. The damaged bytes are copied to the log's directory {@code quarantine} and overwritten
     * with padding; the bytes after them keep their place. If records are missing altogether, or a segment's header can't be read, the
     * files are left as they are, and the next append gets positions that were never given. The log's {@link RecoveryReport} lists all of it.
     * A stream is still refused if {@code quarantine} has no room left, or if a newer version wrote it.
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
