package dev.streamwal.bench.compare;

import java.time.Instant;
import java.time.InstantSource;

/** A clock that says what it was told. */
final class SetClock implements InstantSource {

    private volatile long millis;

    SetClock(long millis) {
        this.millis = millis;
    }

    void set(long newMillis) {
        this.millis = newMillis;
    }

    @Override
    public long millis() {
        return millis;
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis);
    }
}
