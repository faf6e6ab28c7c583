package dev.streamwal.examples.eventsourcing;

/** A command that the account's state doesn't allow: nothing was appended. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    RefusedException(String message) {
        super(message);
    }
}
