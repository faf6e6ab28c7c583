package dev.streamwal.cli;

/** A command's arguments don't go together; the message says why, and where the command's help is follows by itself. */
final class UsageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }

    UsageException(String message, Throwable cause) {
        super(message, cause);
    }
}
