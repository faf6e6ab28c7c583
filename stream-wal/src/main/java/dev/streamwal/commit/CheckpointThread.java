package dev.streamwal.commit;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Frees journal files in the background. Starts when the first one is full. */
final class CheckpointThread {

    private final JournalCheckpoint checkpoint;
    private final CommitEvents events;
    private volatile @Nullable Thread thread;
    private volatile boolean wanted;
    private volatile boolean stopped;

    CheckpointThread(JournalCheckpoint checkpoint, CommitEvents events) {
        this.checkpoint = checkpoint;
        this.events = events;
    }

    boolean isCurrent() {
        return thread == Thread.currentThread();
    }

    /** A file is full. */
    void wake() {
        if (!wanted) {
            wanted = true;
            Thread running = thread;
            if (running == null) {
                start();
            } else {
                LockSupport.unpark(running);
            }
        }
    }

    private synchronized void start() {
        if (thread == null && !stopped) {
            Thread created = new Thread(this::run, "stream-wal-checkpoint");
            created.setDaemon(true);
            thread = created;
            created.start();
        }
    }

    private void run() {
        while (!stopped) {
            if (wanted) {
                wanted = false;
                runOnce();
            } else {
                LockSupport.park(this);
                // nobody else knows this thread: an interrupt means nothing
                boolean unused = Thread.interrupted();
            }
        }
    }

    /** What fails is told; whoever commits next asks again, or finds out for himself. */
    private void runOnce() {
        try {
            boolean unused = checkpoint.run();
        } catch (IOException | RuntimeException | Error e) {
            events.failed("checkpoint", null, e);
        }
    }

    /** Ends the thread, after the checkpoint it is in. */
    void end() {
        Thread running;
        synchronized (this) {
            stopped = true;
            running = thread;
        }
        ThreadEnd.await(running);
    }
}
