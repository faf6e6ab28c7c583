package dev.streamwal.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * I/O that an interrupt must not cut short. A channel closes when the thread that uses it is interrupted. The whole
 * operation, which opens the channel that it needs, is then done again; the thread's interrupt status is set again
 * afterwards.
 */
public final class Uninterrupted {

    /**
     * An interrupt during an operation is rare, a second one during its repetition rarer. After more, which may never end,
     * another thread does the operation, one that no other code can interrupt.
     */
    private static final int OWN_ATTEMPTS = 4;

    private Uninterrupted() {}

    /**
     * Runs an operation as a whole.
     *
     * @param operation opens the files that it needs unless they are open, and gives the same result when it is repeated. It may run on another thread
     *     while the caller waits, and so takes no locks
     */
    public static <T> T run(FileOperation<T> operation) throws IOException {
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
            return runApart(operation);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Always runs on a thread that no other code can interrupt, for operations in which an interrupt would hide a failure: see {@link FileForce}. An interrupt
     * of the caller doesn't end the wait, and is kept. If the system gives the process no more threads, the caller's thread does it, and an interrupt during
     * the operation is its failure.
     */
    public static <T> T runApart(FileOperation<T> operation) throws IOException {
        return runApart(operation, Thread::start);
    }

    static <T> T runApart(FileOperation<T> operation, Consumer<Thread> start) throws IOException {
        FutureTask<T> task = new FutureTask<>(operation::run);
        Thread thread = new Thread(task, "stream-wal uninterrupted I/O");
        thread.setDaemon(true);
        try {
            start.accept(thread);
        } catch (OutOfMemoryError e) {
            return runHere(operation);
        }
        return awaited(task, thread);
    }

    private static <T> T runHere(FileOperation<T> operation) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            return operation.run();
        } catch (ClosedByInterruptException e) {
            interrupted = true;
            throw new IOException("interrupted, and the system gives the process no other thread; raise its limit of processes (ulimit -u)", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static <T> T awaited(FutureTask<T> task, Thread thread) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    T result = task.get();
                    // the thread ends by itself, but the caller must not see it running afterwards
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
