package dev.streamwal.commit;

import java.io.IOException;

/** Frees journal files in the background. Starts when the first one is full. */
final class CheckpointThread extends LazyThread {

    private final JournalCheckpoint checkpoint;
    private final CommitEvents events;
    private volatile boolean wanted;

    CheckpointThread(JournalCheckpoint checkpoint, CommitEvents events) {
        super("stream-wal-checkpoint");
        this.checkpoint = checkpoint;
        this.events = events;
    }

    /** A file is full. */
    void wake() {
        if (!wanted) {
            wanted = true;
            startOrUnpark();
        }
    }

    @Override
    void work() {
        if (wanted) {
            wanted = false;
            runOnce();
        } else {
            park();
        }
    }

    /** What fails is told, and tried again when somebody commits; but not all the time. */
    private void runOnce() {
        try {
            checkpoint.runInBackground();
            events.succeeded("checkpoint");
        } catch (FlushFailedException e) {
            // the log has failed, and has said so
        } catch (IOException | RuntimeException | Error e) {
            events.failed("checkpoint", null, e);
            restAfterFailure();
        }
    }
}
