package dev.streamwal.engine;

import dev.streamwal.commit.GroupCommitter;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs the continuations of asynchronous appends: on the program's executor, or on a few threads of the log, which start with the first
 * continuation and end when idle. Thread-safe.
 *
 * <p>No commit waits for continuations: the committing thread hands over and goes on. The queue is bounded by the number of asynchronous
 * appends that may be unanswered ({@link GroupCommitter#MAX_UNANSWERED}). Each append holds a place until its continuations have run; an
 * append that finds no place waits for the disk, not for a continuation. So if a continuation never returns, asynchronous appends become as
 * slow as waiting ones, and nothing else happens.
 */
public final class CompletionThreads {

    public static final int MAX_THREADS = 8;

    private static final String NAME = "stream-wal-complete-";
    private static final long IDLE_SECONDS = 10;
    /** How long closing the log waits for continuations. */
    private static final long CLOSE_WAIT_SECONDS = 10;

    private final @Nullable Executor programs;
    private final @Nullable ThreadPoolExecutor own;
    private final AtomicInteger numbers = new AtomicInteger();

    /**
     * @param programs the program's executor, in place of the log's threads
     * @param threads false if the log has no threads: then the committing thread runs the continuations
     */
    public CompletionThreads(Optional<Executor> programs, boolean threads) {
        this.programs = programs.orElse(null);
        this.own = threads ? pool() : null;
    }

    private ThreadPoolExecutor pool() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(MAX_THREADS, MAX_THREADS, IDLE_SECONDS, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(GroupCommitter.MAX_UNANSWERED), Own::new);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Knows its owner, so that closing the log doesn't wait for a continuation that closes it. */
    private final class Own extends Thread {

        Own(Runnable work) {
            super(work, NAME + numbers.incrementAndGet());
            setDaemon(true);
        }

        private CompletionThreads owner() {
            return CompletionThreads.this;
        }
    }

    /** The future of an asynchronous append. On the log's threads, a thread that waits for it needs none of them. */
    public <T> AsyncAnswer<T> newAnswer() {
        return new AsyncAnswer<>(programs == null);
    }

    /** Returns at once. If the program's executor refuses, the log's threads run the continuation: no caller may wait for ever. */
    public void execute(Runnable completion) {
        Executor chosen = programs;
        if (chosen != null) {
            try {
                chosen.execute(completion);
                return;
            } catch (RuntimeException | Error e) {
                // refused, or it could start no thread: the log's threads run it
            }
        }
        executeHere(completion);
    }

    private void executeHere(Runnable completion) {
        ThreadPoolExecutor threads = own;
        if (threads != null) {
            try {
                threads.execute(completion);
                return;
            } catch (RejectedExecutionException e) {
                // the log is closed: no commit waits for this thread any more
            } catch (OutOfMemoryError e) {
                // no thread could be started: a late commit is better than a caller that waits for ever
            }
        }
        completion.run();
    }

    /** Whether the calling thread is one of these threads. */
    public boolean isCurrent() {
        return Thread.currentThread() instanceof Own thread && equals(thread.owner());
    }

    /**
     * Called when all appends are answered: runs the remaining continuations and ends the threads. Waits neither for continuations that never
     * end nor for one that closes the log.
     */
    public void end() {
        ThreadPoolExecutor threads = own;
        if (threads == null) {
            return;
        }
        threads.shutdown();
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_WAIT_SECONDS);
        for (long left = deadline - System.nanoTime(); left > 0 && !isCurrent(); left = deadline - System.nanoTime()) {
            try {
                if (threads.awaitTermination(left, TimeUnit.NANOSECONDS)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
