package dev.streamwal.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongPredicate;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The way of appending: a number of threads, each of which waits for its record before it appends the next; or one thread, with a number of records
 * in flight. Every record goes to a random stream.
 */
record DurableLoad(Kind kind, int count) {

    static final DurableLoad ONE_THREAD = new DurableLoad(Kind.THREADS, 1);
    /** The number of records in flight, which also tells logs that gather records when to write. */
    static final int IN_FLIGHT = 10_000;

    static final int RECORD_BYTES = 128;
    private static final int DIGITS = 3;

    enum Kind { THREADS, VIRTUAL_THREADS, IN_FLIGHT }

    /**
     * The measurements of one run of a load.
     *
     * @param nanos from the first append to the last completion
     * @param latencies from an append's call until its record was durable
     */
    record Sample(long records, long nanos, Histogram latencies) {

        double perSecond() {
            return records * 1e9 / nanos;
        }
    }

    String label() {
        String number = String.format(Locale.ROOT, "%,d", count);
        return switch (kind) {
            case THREADS -> number + (count == 1 ? " thread" : " threads");
            case VIRTUAL_THREADS -> number + " virtual";
            case IN_FLIGHT -> number + " in flight";
        };
    }

    Sample run(DurableLog log, int streams, long nanos) throws Exception {
        return kind == Kind.IN_FLIGHT ? inFlight(log, streams, nanos) : closedLoop(log, streams, nanos);
    }

    private Sample closedLoop(DurableLog log, int streams, long nanos) throws InterruptedException, ReflectiveOperationException {
        AtomicLong start = new AtomicLong();
        CyclicBarrier ready = new CyclicBarrier(count, () -> start.set(System.nanoTime()));
        List<Callable<Histogram>> workers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SplittableRandom random = new SplittableRandom(i);
            workers.add(() -> {
                ready.await();
                return appendUntil(start.get() + nanos, log, streams, random);
            });
        }
        Histogram latencies = new Histogram(DIGITS);
        ExecutorService threads = kind == Kind.VIRTUAL_THREADS ? virtualThreads() : Executors.newFixedThreadPool(count);
        try {
            for (Future<Histogram> worker : threads.invokeAll(workers)) {
                latencies.add(worker.get());
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("an append failed", e.getCause());
        } finally {
            threads.shutdownNow();
        }
        return new Sample(latencies.getTotalCount(), System.nanoTime() - start.get(), latencies);
    }

    private static Histogram appendUntil(long end, DurableLog log, int streams, SplittableRandom random) throws Exception {
        Histogram latencies = new Histogram(DIGITS);
        byte[] content = AppendBenchmark.content(RECORD_BYTES);
        long before = System.nanoTime();
        while (before < end) {
            log.append(random.nextInt(streams), content);
            long after = System.nanoTime();
            latencies.recordValue(after - before);
            before = after;
        }
        return latencies;
    }

    private Sample inFlight(DurableLog log, int streams, long nanos) throws Exception {
        long start = System.nanoTime();
        InFlight inFlight = appendWhile(records -> System.nanoTime() - start < nanos, log, streams);
        return new Sample(inFlight.latencies.getTotalCount(), System.nanoTime() - start, inFlight.latencies);
    }

    /** Returns when that many records are durable. */
    void append(DurableLog log, int streams, long count) throws Exception {
        appendWhile(records -> records < count, log, streams);
    }

    private InFlight appendWhile(LongPredicate goOn, DurableLog log, int streams) throws Exception {
        InFlight inFlight = new InFlight(count);
        SplittableRandom random = new SplittableRandom(1);
        byte[] content = AppendBenchmark.content(RECORD_BYTES);
        for (long records = 0; goOn.test(records); records++) {
            log.appendAsync(random.nextInt(streams), content, inFlight.next());
        }
        log.flush();
        inFlight.awaitAll();
        return inFlight;
    }

    /** The records in flight. */
    private static final class InFlight {

        private final int count;
        private final Semaphore free;
        private final Histogram latencies = new ConcurrentHistogram(DIGITS);
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        InFlight(int count) {
            this.count = count;
            this.free = new Semaphore(count);
        }

        DurableLog.Completion next() throws InterruptedException {
            free.acquire();
            checkNoneFailed();
            long start = System.nanoTime();
            return new DurableLog.Completion() {
                @Override
                public void durable() {
                    latencies.recordValue(System.nanoTime() - start);
                    free.release();
                }

                @Override
                public void failed(Throwable cause) {
                    failure.compareAndSet(null, cause);
                    free.release();
                }
            };
        }

        void awaitAll() throws InterruptedException {
            free.acquire(count);
            checkNoneFailed();
        }

        private void checkNoneFailed() {
            Throwable first = failure.get();
            if (first != null) {
                throw new IllegalStateException("an append failed", first);
            }
        }
    }

    static boolean hasVirtualThreads() {
        return Runtime.version().feature() >= 21;
    }

    /** Called by reflection, as the JDK that this is compiled for has none. */
    private static ExecutorService virtualThreads() throws ReflectiveOperationException {
        return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    }
}
