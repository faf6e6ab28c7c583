package dev.streamwal.bench.compare;

import java.time.Duration;

/** How long a run is, and how much it writes. */
enum Length {

    /** Proves that everything runs; its figures say nothing. */
    TINY(1, 0.01, 0.03, 1, 4L << 20, 100, 24, 200, 1, 1, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofMinutes(2)),
    /** Five minutes. */
    QUICK(1, 0.15, 0.15, 3, 384L << 20, 1_000, 240, 20_000, 1, 3, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofMinutes(2)),
    /** Hours. */
    FULL(3, 1, 1, 5, 4L << 30, 1_000, 2_880, 20_000, 10, 60, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(20));

    /** How often each contender is measured, in turn. */
    final int rounds;
    final double warmUpSeconds;
    final double sliceSeconds;
    /** Measurements in a process, one after the other. */
    final int slices;
    /** What a process appends at most, so that the disk doesn't fill up. */
    final long maxBytes;
    final int queriedStreams;
    /** Spread over a day. */
    final int recordsAStream;
    final int gatewayKeys;
    final int gatewayWarmUpSeconds;
    final int gatewaySeconds;
    final Duration gatewayWindow;
    final Duration gatewayRetention;
    /** A process that takes longer is ended. */
    final Duration patience;

    Length(int rounds, double warmUpSeconds, double sliceSeconds, int slices, long maxBytes, int queriedStreams, int recordsAStream, int gatewayKeys,
            int gatewayWarmUpSeconds, int gatewaySeconds, Duration gatewayWindow, Duration gatewayRetention, Duration patience) {
        this.rounds = rounds;
        this.warmUpSeconds = warmUpSeconds;
        this.sliceSeconds = sliceSeconds;
        this.slices = slices;
        this.maxBytes = maxBytes;
        this.queriedStreams = queriedStreams;
        this.recordsAStream = recordsAStream;
        this.gatewayKeys = gatewayKeys;
        this.gatewayWarmUpSeconds = gatewayWarmUpSeconds;
        this.gatewaySeconds = gatewaySeconds;
        this.gatewayWindow = gatewayWindow;
        this.gatewayRetention = gatewayRetention;
        this.patience = patience;
    }
}
