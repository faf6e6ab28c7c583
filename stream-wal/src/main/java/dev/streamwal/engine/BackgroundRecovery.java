package dev.streamwal.engine;

import dev.streamwal.append.LogEvents;
import dev.streamwal.append.StreamLog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalLockedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Recovers all streams, one after the other, after a writer that didn't close its log. So damage is known before a stream is used, and readers in
 * other processes find no torn ends. The thread rests for as long as it worked, which leaves at least half of the disk's time to the program. A
 * stream that can't be read, or for which there is no memory, doesn't keep others from being recovered, and is tried again; a damaged one isn't.
 */
public final class BackgroundRecovery {

    /** The task's name in reports of its failures. */
    public static final String TASK = "recover";

    /** After this time streams that failed are tried again, then after twice as long, up to an hour. */
    private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long MAX_AGAIN_NANOS = TimeUnit.HOURS.toNanos(1);

    private final Supplier<List<StreamLog>> streams;
    private final LogEvents report;
    private final RestingThread thread;

    public BackgroundRecovery(Supplier<List<StreamLog>> streams, LogEvents report) {
        this.streams = streams;
        this.report = report;
        this.thread = new RestingThread("stream-wal-recover", this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        List<StreamLog> left = List.of();
        boolean isListed = false;
        long againNanos = AGAIN_NANOS;
        while (true) {
            long begun = report.begins();
            try {
                left = recover(isListed ? left : streams.get());
                isListed = true;
                report.ended(TASK, null, begun);
            } catch (RuntimeException | Error e) {
                failed(null, e);
            }
            boolean isOver = isListed && left.isEmpty();
            if (isOver || !thread.rest(againNanos)) {
                return;
            }
            againNanos = Math.min(MAX_AGAIN_NANOS, 2 * againNanos);
        }
    }

    /** Returns those that are to be tried again. */
    private List<StreamLog> recover(List<StreamLog> all) {
        List<StreamLog> left = new ArrayList<>();
        for (StreamLog stream : all) {
            long start = System.nanoTime();
            if (!isRecovered(stream)) {
                left.add(stream);
            }
            if (!thread.rest(System.nanoTime() - start)) {
                return List.of();
            }
        }
        return left;
    }

    private boolean isRecovered(StreamLog stream) {
        long begun = report.begins();
        try {
            stream.recoverNow();
            report.ended(TASK, stream.key().text(), begun);
            return true;
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            failed(stream.key().text(), e);
            return true;
        } catch (WalLockedException e) {
            // it is the next writer's, which recovers it; the log has failed, and said so
            return true;
        } catch (RuntimeException | Error e) {
            failed(stream.key().text(), e);
            return false;
        }
    }

    /** Ignores failures while the log closes: streams refuse to be recovered then. */
    private void failed(@Nullable String stream, Throwable failure) {
        if (!thread.isStopped()) {
            report.failed(TASK, stream, failure);
        }
    }

    /** Ends the thread, after the stream that it is recovering. */
    public void stop() {
        thread.stop();
    }
}
