package dev.streamwal;

import dev.streamwal.measure.Timing;
import java.time.Duration;

/**
 * How often an operation was measured, and how long it took. While other threads work, the numbers may be of slightly different moments. Immutable.
 *
 * @since 1.0
 */
public final class OperationStats extends Snapshot<OperationStats.Fields> {

    record Fields(long count, long totalNanos, long longestNanos) {}

    OperationStats(Fields fields) {
        super(fields);
    }

    static OperationStats of(Timing timing) {
        return new OperationStats(new Fields(timing.count(), timing.totalNanos(), timing.longestNanos()));
    }

    /** {@return how often it was measured since the log was opened} */
    public long count() {
        return fields().count();
    }

    /** {@return how long all of these took together} That may be longer than the log has been open: several threads may run the operation at the same time. */
    public Duration total() {
        return Duration.ofNanos(fields().totalNanos());
    }

    /** {@return how long the longest one of the last minute took, and of up to one minute before; zero if there was none in that time} */
    public Duration longest() {
        return Duration.ofNanos(fields().longestNanos());
    }
}
