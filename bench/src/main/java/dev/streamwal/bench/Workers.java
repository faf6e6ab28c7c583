package dev.streamwal.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that share a fixed amount of work, so that one invocation does the same amount whatever their number. */
public final class Workers implements AutoCloseable {

    private final int count;
    private final ExecutorService threads;

    public Workers(int count) {
        this.count = count;
        this.threads = Executors.newFixedThreadPool(count);
    }

    /** The work of one thread. */
    @FunctionalInterface
    public interface Share {
        void run(int worker, int operations) throws Exception;
    }

    /** Returns when all is done; the caller runs one worker's share. */
    public void run(int operations, Share share) throws Exception {
        int each = operations / count;
        if (count == 1) {
            share.run(0, each);
            return;
        }
        CyclicBarrier start = new CyclicBarrier(count);
        List<Future<?>> shares = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            int worker = i;
            shares.add(threads.submit(() -> {
                runTogether(start, share, worker, each);
                return null;
            }));
        }
        runTogether(start, share, 0, each);
        for (Future<?> one : shares) {
            try {
                one.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("a worker failed", e.getCause());
            }
        }
    }

    private static void runTogether(CyclicBarrier start, Share share, int worker, int operations) throws Exception {
        try {
            start.await();
        } catch (BrokenBarrierException e) {
            throw new IllegalStateException("another worker failed", e);
        }
        share.run(worker, operations);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
