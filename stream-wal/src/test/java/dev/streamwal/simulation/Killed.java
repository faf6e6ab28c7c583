package dev.streamwal.simulation;

import java.io.IOException;

/** A killed process asks its disk for something. Without a stack trace: each state that is explored has many. */
final class Killed extends IOException {

    private static final long serialVersionUID = 1L;

    Killed(String what) {
        super("the process was killed: " + what);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
