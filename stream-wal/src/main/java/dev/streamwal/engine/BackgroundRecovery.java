package dev.streamwal.engine;

import dev.streamwal.append.LogEvents;
import dev.streamwal.append.StreamLog;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * After a writer that didn't close its log: brings all streams in order, one after the other, so that damage is known before somebody needs
 * the stream, and readers elsewhere find no torn ends. It rests as long as it worked, so that at least half of the disk is the program's.
 */
public final class BackgroundRecovery {

    /** As failures of it are told. */
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

    /** While the log closes, streams refuse to be recovered. */
    private void failed(@Nullable String stream, Throwable failure) {
        if (!thread.isStopped()) {
            report.failed(TASK, stream, failure);
        }
    }

    /** Ends the thread, after the stream it is at. */
    public void stop() {
        thread.stop();
    }
}
