package dev.streamwal;

/**
 * What a writer does with a stream whose records are damaged. What a crash leaves at a stream's end, a torn record or a reserved place
 * that nobody wrote, is not damage: it is cut or passed over under both policies.
 *
 * <p>Readers don't need one: they return what verifies, and say what doesn't.
 */
public enum RecoveryPolicy {

    /** The stream refuses appends with a {@link dev.streamwal.reader.CorruptSegmentException} that says how to go on. Others go on. */
    STOP_AT_FIRST_ERROR,

    /** The damage is set aside in {@code quarantine/}, and the stream goes on behind it. What stood there is not found any more. */
    SKIP_BAD_RECORDS
}
