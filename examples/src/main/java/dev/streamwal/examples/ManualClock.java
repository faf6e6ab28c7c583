package dev.streamwal.examples;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that advances only when it is told to: for simulations, replays, and tests. */
final class ManualClock implements InstantSource {
    private volatile Instant now;

    ManualClock(Instant start) {
        now = start;
    }

    @Override
    public Instant instant() {
        return now;
    }

    void set(Instant instant) {
        now = instant;
    }

    void advance(Duration duration) {
        now = now.plus(duration);
    }
}
