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
 * Where what a program hung on its asynchronous appends runs: on the program's executor, or on a few threads of the log's, which begin with
 * the first one and end when they have nothing to do. Thread-safe.
 *
 * <p>Why no commit waits for it: whoever commits hands over and goes on. The queue is bounded by the asynchronous appends that may be
 * unanswered ({@link GroupCommitter#MAX_UNANSWERED}): each has a place until what hangs on it has run, and whoever finds no place waits for
 * the disk, and for nobody's code. So where a program's code never returns, appends become as slow as those that wait, and that is all.
 */
public final class CompletionThreads {

    public static final int MAX_THREADS = 8;

    private static final String NAME = "stream-wal-complete-";
    private static final long IDLE_SECONDS = 10;
    /** What takes longer when the log closes isn't waited for. */
    private static final long CLOSE_WAIT_SECONDS = 10;

    private final @Nullable Executor programs;
    private final @Nullable ThreadPoolExecutor own;
    private final AtomicInteger numbers = new AtomicInteger();

    /**
     * @param programs where it isn't to be the log's threads
     * @param threads false: the log has none, and whoever commits goes on with what waited for it
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

    /** Whose it is, so that one that closes the log isn't waited for. */
    private final class Own extends Thread {

        Own(Runnable work) {
            super(work, NAME + numbers.incrementAndGet());
            setDaemon(true);
        }

        private CompletionThreads owner() {
            return CompletionThreads.this;
        }
    }

    /** For the answer to an asynchronous append: who waits for it by the log's threads needs none of them. */
    public <T> AsyncAnswer<T> newAnswer() {
        return new AsyncAnswer<>(programs == null);
    }

    /** Returns at once. What the program's executor refuses is done by the log's threads: nobody must wait for ever. */
    public void execute(Runnable completion) {
        Executor chosen = programs;
        if (chosen != null) {
            try {
                chosen.execute(completion);
                return;
            } catch (RuntimeException e) {
                // as said
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
                // the log is closed: nobody's commit waits for this thread
            }
        }
        completion.run();
    }

    /** Whether the caller is one of the log's threads here. */
    public boolean isCurrent() {
        return Thread.currentThread() instanceof Own thread && equals(thread.owner());
    }

    /** When all is answered: lets what is left run, and ends the threads; what never ends isn't waited for, nor what closes the log. */
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
