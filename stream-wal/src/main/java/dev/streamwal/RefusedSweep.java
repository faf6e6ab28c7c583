package dev.streamwal;

import java.time.Instant;

/**
 * A sweep that did not delete segments that have expired by the log's clock, because the clock is implausibly far ahead and may be wrong. If the
 * clock is right, confirm it by {@link StreamWal#sweep(Instant)} with that time, by {@link WalOptions.Builder#maxClockAdvance}, or on the command
 * line. Otherwise the segments are deleted after their time has passed while the log was open. Immutable.
 *
 * @since 1.0
 */
public final class RefusedSweep extends Snapshot<RefusedSweep.Fields> {

    record Fields(Instant clock, Instant known, int segments, long bytes) {}

    RefusedSweep(Fields fields) {
        super(fields);
    }

    /** {@return the time by the log's clock} */
    public Instant clock() {
        return fields().clock();
    }

    /** {@return the known time, which the real one can't precede: the time when the clock was last believed, plus what has passed since} */
    public Instant known() {
        return fields().known();
    }

    /** {@return how many segments are kept} */
    public int segments() {
        return fields().segments();
    }

    /** {@return how large their files are, in bytes} */
    public long bytes() {
        return fields().bytes();
    }
}
