package dev.streamwal.consumer;

import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * How a cursor file is written.
 *
 * @param salts a different one at each call
 * @param clock for the times of commits
 * @param minCompactedBytes a shorter file is not rewritten
 * @param maxGoneKeys how many commits of deleted streams are kept when a file is rewritten
 */
public record CursorSettings(LongSupplier salts, InstantSource clock, long minCompactedBytes, int maxGoneKeys) {

    /** A consumer of one key commits some 20,000 times before its file is this long. */
    private static final long MIN_COMPACTED_BYTES = 1 << 20;
    /** Some 50 KB. */
    private static final int MAX_GONE_KEYS = 1_000;

    /** Settings with the default limits. */
    public CursorSettings(LongSupplier salts, InstantSource clock) {
        this(salts, clock, MIN_COMPACTED_BYTES, MAX_GONE_KEYS);
    }
}
