package dev.streamwal.ratis;

import dev.streamwal.format.AllowedRange;
import java.time.Duration;

/**
 * How a client gathers appends into requests. Each request is one entry of the Raft log, with a round between the replicas and a forced write at each, so
 * that large ones cost little for each record. A request is sent when its first record has waited long enough, or when it is full. Immutable.
 *
 * @param longestWait how long a record waits for others at most; 0 to 10 s
 * @param records how many records a request has at most; 1 to {@value #MAX_RECORDS}
 * @param bytes of keys, headers and contents, after which a request is full: the record that fills it may be a large one; 1 to {@value #MAX_BYTES}
 * @param requestsInFlight how many requests to a shard may be without an answer; 1 to {@value #MAX_IN_FLIGHT}. Beside them as many records wait as one
 *     request has; who appends more waits
 * @since 1.0
 */
public record Batching(Duration longestWait, int records, int bytes, int requestsInFlight) {

    /** The most records of a request. */
    public static final int MAX_RECORDS = 10_000;
    /** The most bytes of a request. */
    public static final int MAX_BYTES = 4 << 20;
    /** The most requests without an answer. */
    public static final int MAX_IN_FLIGHT = 64;

    private static final int DEFAULT_BYTES = 64 << 10;
    private static final int DEFAULT_IN_FLIGHT = 16;
    private static final Duration MAX_WAIT = Duration.ofSeconds(10);

    /**
     * Checks the ranges.
     *
     * @param longestWait how long a record waits for others at most
     * @param records how many records a request has at most
     * @param bytes of keys, headers and contents, after which a request is full
     * @param requestsInFlight how many requests to a shard may be without an answer
     * @throws IllegalArgumentException if a value is out of range
     */
    public Batching {
        AllowedRange.check("longestWait", longestWait, Duration.ZERO, MAX_WAIT);
        AllowedRange.check("records", records, 1, MAX_RECORDS);
        AllowedRange.check("bytes", bytes, 1, MAX_BYTES);
        AllowedRange.check("requestsInFlight", requestsInFlight, 1, MAX_IN_FLIGHT);
    }

    /**
     * With 64 KiB a request, and 16 requests in flight.
     *
     * @param longestWait how long a record waits for others at most; 5 ms is a good beginning
     * @param records how many records a request has at most
     * @return that
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Batching of(Duration longestWait, int records) {
        return new Batching(longestWait, records, DEFAULT_BYTES, DEFAULT_IN_FLIGHT);
    }
}
