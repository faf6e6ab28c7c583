package dev.streamwal;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * After a writer that didn't close its log: brings all streams in order, one after the other, so that damage is known before somebody needs
 * the stream, and readers elsewhere find no torn ends. It rests as long as it worked, so that at least half of the disk is the program's.
 */
final class BackgroundRecovery {

    private final StreamWal wal;
    private final BackgroundReport report;
    private final Thread thread;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Condition stop = waiting.newCondition();
    private volatile boolean stopped;

    BackgroundRecovery(StreamWal wal, BackgroundReport report) {
        this.wal = wal;
        this.report = report;
        this.thread = new Thread(this::run, "stream-wal-recover");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            for (WalStream stream : wal.loadedStreams()) {
                if (stopped) {
                    return;
                }
                long start = System.nanoTime();
                recover(stream);
                rest(System.nanoTime() - start);
            }
        } catch (RuntimeException | Error e) {
            failed(null, e);
        }
    }

    private void recover(WalStream stream) {
        try {
            stream.log().recoverNow();
        } catch (RuntimeException e) {
            failed(stream.key(), e);
        }
    }

    /** While the log closes, streams refuse to be recovered. */
    private void failed(@Nullable String stream, Throwable failure) {
        if (!stopped) {
            report.failed("recover", stream, failure);
        }
    }

    private void rest(long nanos) {
        waiting.lock();
        try {
            long left = nanos;
            while (!stopped && left > 0) {
                left = stop.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            // nobody else knows this thread: go on
        } finally {
            waiting.unlock();
        }
    }

    /** Ends the thread, after the stream it is at. */
    void stop() {
        waiting.lock();
        try {
            stopped = true;
            stop.signalAll();
        } finally {
            waiting.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(1));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
