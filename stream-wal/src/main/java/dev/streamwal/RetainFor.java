package dev.streamwal;

import dev.streamwal.sweep.RetainedFor;
import java.time.Duration;

/**
 * How much a stream keeps for a consumer: see {@link StreamOptions.Builder#retainFor}. Immutable.
 *
 * @since 1.0
 */
public final class RetainFor extends Snapshot<RetainFor.Fields> {

    record Fields(String consumer, long maxBytes, Duration maxTime) {}

    RetainFor(Fields fields) {
        super(fields);
    }

    /** {@return the consumer's name} */
    public String consumer() {
        return fields().consumer();
    }

    /** {@return how many bytes of files are kept of each stream} */
    public long maxBytes() {
        return fields().maxBytes();
    }

    /** {@return how long it is kept beyond the expiration, in whole milliseconds} */
    public Duration maxTime() {
        return fields().maxTime();
    }

    RetainedFor inMillis() {
        return new RetainedFor(consumer(), maxBytes(), maxTime().toMillis());
    }
}
