package dev.streamwal.storage;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * I/O that an interrupt must not cut short. A channel closes when the thread that uses it is interrupted; here the
 * whole operation, which opens its own channel, is then done again, and the thread finds its interrupt afterwards.
 */
public final class Uninterrupted {

    /** Reached only by whoever interrupts all the time, and so wants the operation to fail. */
    private static final int MAX_ATTEMPTS = 10_000;

    /** Opens what it uses, and gives the same result when it is repeated. */
    @FunctionalInterface
    public interface Operation<T> {
        T run() throws IOException;
    }

    private Uninterrupted() {}

    public static <T> T run(Operation<T> operation) throws IOException {
        boolean interrupted = false;
        try {
            for (int attempt = 1; ; attempt++) {
                interrupted |= Thread.interrupted();
                try {
                    return operation.run();
                } catch (ClosedByInterruptException e) {
                    if (attempt == MAX_ATTEMPTS) {
                        throw e;
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
