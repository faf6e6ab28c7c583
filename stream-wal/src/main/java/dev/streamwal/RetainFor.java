package dev.streamwal;

import dev.streamwal.engine.RetainedFor;
import java.time.Duration;

/**
 * How much a stream keeps for a consumer: see {@link StreamOptions.Builder#retainFor}. Immutable.
 *
 * @param consumer the consumer's name
 * @param maxBytes how many bytes of files, of each stream by itself
 * @param maxTime how long beyond the expiration
 */
public record RetainFor(String consumer, long maxBytes, Duration maxTime) {

    RetainedFor inMillis() {
        return new RetainedFor(consumer, maxBytes, maxTime.toMillis());
    }
}
