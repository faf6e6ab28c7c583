package dev.streamwal.reader;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Threads of a reader that read parts of batches, beside the threads that ask for the batches. The first batch whose reads wait for the disk starts
 * them; they end after {@value #IDLE_SECONDS} s without work, and when the reader is closed. Thread-safe.
 */
final class ReadThreads implements AutoCloseable {

    /** As long as an unused file stays open. */
    private static final int IDLE_SECONDS = 10;
    private static final int MAX_CLOSE_SECONDS = 10;
    /** Parts take different times: with several for each thread, all threads end at about the same time. */
    private static final int PARTS_PER_THREAD = 4;

    private final int parallelReads;
    private final AtomicInteger created = new AtomicInteger();
    /** Those that haven't ended, and some that have. */
    private final Queue<Thread> alive = new ConcurrentLinkedQueue<>();
    /** Null if each batch is read by the calling thread alone. */
    private final @Nullable ThreadPoolExecutor threads;

    /** @param parallelReads of one batch at a time; 1: without threads */
    ReadThreads(int parallelReads) {
        this.parallelReads = parallelReads;
        this.threads = parallelReads == 1 ? null : threads(parallelReads - 1);
    }

    private ThreadPoolExecutor threads(int count) {
        ThreadFactory named = work -> {
            Thread thread = new Thread(work, "stream-wal-read-" + created.incrementAndGet());
            thread.setDaemon(true);
            alive.removeIf(each -> each.getState() == Thread.State.TERMINATED);
            alive.add(thread);
            return thread;
        };
        ThreadPoolExecutor pool = new ThreadPoolExecutor(count, count, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Whether there may be threads beside those that ask. */
    boolean isParallel() {
        return threads != null;
    }

    /** How many parts a batch is best split into. */
    int partsWanted() {
        return parallelReads * PARTS_PER_THREAD;
    }

    /**
     * Runs the parts, on the calling thread and on others, and returns when no thread works on them any more. An interrupt is kept.
     *
     * @throws RuntimeException or an error: the failure of the first part that failed; later parts may not have run
     */
    void run(List<Runnable> parts) {
        Job job = new Job(parts);
        try {
            for (int i = 1; threads != null && i < Math.min(parallelReads, parts.size()); i++) {
                threads.execute(job);
            }
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // the reader was closed, or the process can't have more threads: fewer threads do the same work
        }
        job.run();
        job.await();
    }

    /** Parts that several threads run. Each thread takes the first part that no other has taken. */
    private static final class Job implements Runnable {

        private final List<Runnable> parts;
        private final AtomicReferenceArray<@Nullable Throwable> failures;
        private final AtomicInteger next = new AtomicInteger();
        private final CountDownLatch unfinished;
        /** Index of the first part known to have failed. */
        private final AtomicInteger firstFailed = new AtomicInteger(Integer.MAX_VALUE);

        Job(List<Runnable> parts) {
            this.parts = parts;
            this.failures = new AtomicReferenceArray<>(parts.size());
            this.unfinished = new CountDownLatch(parts.size());
        }

        @Override
        public void run() {
            for (int part = next.getAndIncrement(); part < parts.size(); part = next.getAndIncrement()) {
                try {
                    if (part < firstFailed.get()) {
                        parts.get(part).run();
                    }
                } catch (Throwable e) {
                    failures.set(part, e);
                    int unused = firstFailed.accumulateAndGet(part, Math::min);
                } finally {
                    unfinished.countDown();
                }
            }
        }

        /**
         * Waits for parts that other threads have taken. All parts before the first one that failed have run, so that the failure thrown is the
         * one that a single thread would have met.
         */
        void await() {
            boolean interrupted = false;
            while (unfinished.getCount() > 0) {
                try {
                    unfinished.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (firstFailed.get() < parts.size()) {
                rethrow(failures.get(firstFailed.get()));
            }
        }

        private static void rethrow(@Nullable Throwable failure) {
            if (failure instanceof RuntimeException runtime) {
                throw runtime;
            }
            if (failure instanceof Error error) {
                throw error;
            }
        }
    }

    /**
     * Ends the threads, and waits until they have ended, {@value #MAX_CLOSE_SECONDS} s at most: a thread that waits for a tier ends only when the
     * tier answers. An interrupt doesn't end the wait, and is kept.
     */
    @Override
    public void close() {
        close(TimeUnit.SECONDS.toMillis(MAX_CLOSE_SECONDS));
    }

    /** As {@link #close()}, with another limit. */
    void close(long maxMillis) {
        if (threads == null) {
            return;
        }
        threads.shutdown();
        long begun = System.nanoTime();
        boolean interrupted = false;
        for (Thread each = alive.peek(); each != null; each = alive.peek()) {
            try {
                long left = maxMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
                if (left > 0) {
                    each.join(left);
                }
                if (left <= 0 || !each.isAlive()) {
                    boolean unused = alive.remove(each);
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
