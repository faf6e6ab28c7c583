package dev.streamwal.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * I/O that an interrupt must not cut short. A channel closes when the thread that uses it is interrupted; here the
 * whole operation, which opens the channel that it needs, is then done again, and the thread finds its interrupt
 * afterwards.
 */
public final class Uninterrupted {

    /**
     * An interrupt in the middle of an operation is rare, a second one in its repetition rarer. Whoever is interrupted
     * more often, perhaps all the time, has the operation done by a thread that nobody knows to interrupt.
     */
    private static final int OWN_ATTEMPTS = 4;

    /**
     * Opens what it uses if that isn't open, and gives the same result when it is repeated. It may run on another
     * thread while the caller waits, and so takes no locks.
     */
    @FunctionalInterface
    public interface Operation<T> {
        T run() throws IOException;
    }

    private Uninterrupted() {}

    public static <T> T run(Operation<T> operation) throws IOException {
        boolean interrupted = false;
        try {
            for (int attempt = 0; attempt < OWN_ATTEMPTS; attempt++) {
                interrupted |= Thread.interrupted();
                try {
                    return operation.run();
                } catch (ClosedByInterruptException e) {
                    interrupted = true;
                }
            }
            return runElsewhere(operation::run);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Always on a thread that nobody knows to interrupt, where an interrupt would hide what went wrong: see {@link FileForce}. */
    public static <T> T runApart(Operation<T> operation) throws IOException {
        return runElsewhere(operation::run);
    }

    /** An interrupt of the caller doesn't end the wait, and is kept. */
    private static <T> T runElsewhere(Callable<T> operation) throws IOException {
        FutureTask<T> task = new FutureTask<>(operation);
        Thread thread = new Thread(task, "stream-wal uninterrupted I/O");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    T result = task.get();
                    // it ends by itself, but nobody is to see it afterwards
                    thread.join();
                    return result;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw asIOException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException asIOException(@Nullable Throwable failure) {
        if (failure instanceof IOException io) {
            return io;
        }
        if (failure instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        return new IOException(failure);
    }
}
