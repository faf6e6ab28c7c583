package dev.streamwal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until it is told to go on. Thread-safe. */
public final class ManualClock implements InstantSource {

    private final AtomicLong millis;

    public ManualClock(long startMillis) {
        this.millis = new AtomicLong(startMillis);
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis());
    }

    @Override
    public long millis() {
        return millis.get();
    }

    public void advance(Duration by) {
        millis.addAndGet(by.toMillis());
    }

    /** Backwards too. */
    public void set(long newMillis) {
        millis.set(newMillis);
    }

    @Override
    public String toString() {
        return "ManualClock[" + instant() + "]";
    }
}
