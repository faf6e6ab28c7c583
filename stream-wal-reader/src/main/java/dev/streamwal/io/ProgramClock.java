package dev.streamwal.io;

import java.time.Instant;
import java.time.InstantSource;

/** The clock that a program gives. If it throws, or returns null, the caller who asked for the time gets an exception. Thread-safe if that clock is. */
public record ProgramClock(InstantSource given) implements InstantSource {

    @Override
    public Instant instant() {
        Instant now = given.instant();
        if (now == null) {
            throw new IllegalStateException("the program's clock returned null: clock=" + given + "; let it return the current time");
        }
        return now;
    }

    /** By the clock's own method, which may make no object. */
    @Override
    public long millis() {
        try {
            return given.millis();
        } catch (NullPointerException e) {
            return instant().toEpochMilli();
        }
    }
}
