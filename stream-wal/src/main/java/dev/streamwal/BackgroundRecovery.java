package dev.streamwal;

import org.jspecify.annotations.Nullable;

/**
 * After a writer that didn't close its log: brings all streams in order, one after the other, so that damage is known before somebody needs
 * the stream, and readers elsewhere find no torn ends. It rests as long as it worked, so that at least half of the disk is the program's.
 */
final class BackgroundRecovery {

    private final StreamWal wal;
    private final BackgroundReport report;
    private final RestingThread thread;

    BackgroundRecovery(StreamWal wal, BackgroundReport report) {
        this.wal = wal;
        this.report = report;
        this.thread = new RestingThread("stream-wal-recover", this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            for (WalStream stream : wal.loadedStreams()) {
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

    private void recover(WalStream stream) {
        try {
            stream.log().recoverNow();
        } catch (RuntimeException e) {
            failed(stream.key(), e);
        }
    }

    /** While the log closes, streams refuse to be recovered. */
    private void failed(@Nullable String stream, Throwable failure) {
        if (!thread.isStopped()) {
            report.failed("recover", stream, failure);
        }
    }

    /** Ends the thread, after the stream it is at. */
    void stop() {
        thread.stop();
    }
}
