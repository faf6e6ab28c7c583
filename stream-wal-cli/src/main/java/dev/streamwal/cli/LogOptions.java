package dev.streamwal.cli;

import dev.streamwal.WalOptions;
import java.time.Duration;
import java.time.InstantSource;

/** The options with which commands open logs for writing. */
final class LogOptions {

    /** For the help of those commands. */
    static final String OPENING = "%nThe log is opened for writing: no other process may write it meanwhile (exit code 4), and what a"
            + " killed writer left is recovered first, as by any program that opens the log. Damaged streams stay as"
            + " they are.";

    private LogOptions() {}

    /** No background work; existing segments keep their windows and expirations, whatever the options. */
    static WalOptions.Builder of(InstantSource clock) {
        return WalOptions.builder().clock(clock).sweepInterval(Duration.ZERO);
    }
}
