package dev.streamwal.engine;

import dev.streamwal.append.LogEvents;
import dev.streamwal.append.StreamLog;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Recovers all streams, one after the other, after a writer that didn't close its log. So damage is known before a stream is used, and
 * readers in other processes find no torn ends. The thread rests for as long as it worked, which leaves at least half of the disk's time to
 * the program.
 */
public final class BackgroundRecovery {

    /** The task's name in reports of its failures. */
    public static final String TASK = "recover";

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
        try {
            for (StreamLog stream : streams.get()) {
                if (thread.isStopped()) {
                    return;
                }
                long start = System.nanoTime();
                recover(stream);
                boolean unused = thread.rest(System.nanoTime() - start);
            }
        } catch (RuntimeException | Error e) {
            failed(null, e);
        }
    }

    private void recover(StreamLog stream) {
        try {
            stream.recoverNow();
        } catch (RuntimeException e) {
            failed(stream.key().text(), e);
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
