package dev.streamwal.reader;

import java.util.List;

/**
 * The result of verifying every checksum of a stream. Immutable.
 *
 * @since 1.0
 */
public final class VerifyReport extends Snapshot<VerifyReport.Fields> {

    /** The most damage that a report lists; more would only say again that the disk is broken. */
    public static final int MAX_DAMAGE = 1_000;

    record Fields(String key, long records, long bytes, List<Damage> damage, boolean truncated) {}

    VerifyReport(String key, long records, long bytes, List<Damage> damage, boolean truncated) {
        super(new Fields(key, records, bytes, List.copyOf(damage), truncated));
    }

    /** {@return the key of the stream} */
    public String key() {
        return fields().key();
    }

    /** {@return how many records are intact} */
    public long records() {
        return fields().records();
    }

    /** {@return how many bytes their frames take} */
    public long bytes() {
        return fields().bytes();
    }

    /** {@return the damage, in order of position, at most {@value #MAX_DAMAGE}} */
    public List<Damage> damage() {
        return fields().damage();
    }

    /** {@return whether there was more damage than {@link #damage()} lists} */
    public boolean truncated() {
        return fields().truncated();
    }
}
