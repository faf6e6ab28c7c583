package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalException;
import dev.streamwal.io.LastingLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Recovers many streams at once, on threads that end with it, while the calling thread reports the progress. For one use. */
public final class RecoverAll {

    /**
     * The progress.
     *
     * @param done streams
     * @param total of streams
     * @param bytesRead so far
     * @param stream the key of a stream that is being recovered; empty before the first and after the last
     */
    public record Progress(int done, int total, long bytesRead, Optional<String> stream) {}

    /** Recovery reads: more readers at once make no disk faster, and each holds a buffer of 1 MiB. */
    static final int MAX_THREADS = 4;

    /** Interval between progress reports. */
    private static final long TELL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final List<StreamLog> streams;
    private final Consumer<StreamLog> recovery;
    private final LongSupplier bytesRead;

    @GuardedBy("this")
    private int next;

    @GuardedBy("this")
    private int done;

    @GuardedBy("this")
    private boolean stopped;

    @GuardedBy("this")
    private @Nullable String current;

    @GuardedBy("this")
    private @Nullable Throwable failure;

    /**
     * @param recovery of one stream; throws only if no stream can be recovered any more
     * @param bytesRead by all recoveries so far
     */
    public RecoverAll(List<StreamLog> streams, Consumer<StreamLog> recovery, LongSupplier bytesRead) {
        this.streams = streams;
        this.recovery = recovery;
        long before = bytesRead.getAsLong();
        this.bytesRead = () -> bytesRead.getAsLong() - before;
    }

    /** How many threads are worthwhile on this machine. */
    public static int threadsFor(int streams) {
        return Math.min(streams, Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));
    }

    /** @param threads 0: the calling thread recovers all streams */
    public void run(int threads, Consumer<Progress> progress) {
        progress.accept(progress());
        List<Thread> workers = new ArrayList<>();
        try {
            if (threads == 0) {
                runHere(progress);
            } else {
                start(threads, workers);
                await(workers, progress);
            }
        } finally {
            stop();
            workers.forEach(worker -> LastingLoop.awaitEnd(worker, Long.MAX_VALUE, () -> { }));
        }
        rethrow();
    }

    private void runHere(Consumer<Progress> progress) {
        for (StreamLog stream = take(); stream != null; stream = take()) {
            recovery.accept(stream);
            finished();
            progress.accept(progress());
        }
    }

    private void start(int threads, List<Thread> workers) {
        for (int i = 0; i < threads; i++) {
            Thread worker = new Thread(this::work, "stream-wal-recover-" + i);
            worker.setDaemon(true);
            worker.start();
            workers.add(worker);
        }
    }

    private void work() {
        try {
            for (StreamLog stream = take(); stream != null; stream = take()) {
                recovery.accept(stream);
                finished();
            }
        } catch (Throwable e) {
            failed(e);
        }
    }

    /** Reports changes until all workers have ended. */
    private void await(List<Thread> workers, Consumer<Progress> progress) {
        Progress told = null;
        for (Thread worker : workers) {
            while (worker.isAlive()) {
                LastingLoop.awaitEnd(worker, TELL_NANOS, () -> { });
                Progress now = progress();
                if (!now.equals(told)) {
                    progress.accept(now);
                    told = now;
                }
            }
        }
        progress.accept(progress());
    }

    private synchronized @Nullable StreamLog take() {
        if (stopped || next == streams.size()) {
            return null;
        }
        StreamLog stream = streams.get(next++);
        current = stream.key().text();
        return stream;
    }

    private synchronized void finished() {
        done++;
    }

    private synchronized void failed(Throwable why) {
        failure = failure == null ? why : failure;
        stopped = true;
    }

    private synchronized void stop() {
        stopped = true;
    }

    private synchronized Progress progress() {
        Optional<String> stream = done == streams.size() ? Optional.empty() : Optional.ofNullable(current);
        return new Progress(done, streams.size(), bytesRead.getAsLong(), stream);
    }

    private synchronized void rethrow() {
        if (failure instanceof WalException ended) {
            throw ended;
        }
        if (failure != null) {
            throw new IllegalStateException("streams were left unrecovered: done=" + done + ", of=" + streams.size(), failure);
        }
    }
}
