package dev.streamwal.commit;

import java.io.IOException;

/** Frees journal files in the background. Starts when the first file is full. */
final class CheckpointThread extends LazyThread {

    private final JournalCheckpoint checkpoint;
    private final CommitEvents events;
    private volatile boolean wanted;

    CheckpointThread(JournalCheckpoint checkpoint, CommitEvents events) {
        super("stream-wal-checkpoint");
        this.checkpoint = checkpoint;
        this.events = events;
    }

    /** Called when a file is full. */
    void wake() {
        if (!wanted || !isStarted()) {
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

    /** Reports a failure and tries again with a later commit, after a pause. */
    private void runOnce() {
        try {
            checkpoint.runInBackground();
            events.succeeded(GroupCommitter.CHECKPOINT);
        } catch (FlushFailedException e) {
            // the log has failed, and has reported that
        } catch (IOException | RuntimeException | Error e) {
            events.failed(GroupCommitter.CHECKPOINT, null, e);
            restAfterFailure();
        }
    }
}
