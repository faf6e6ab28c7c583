package dev.streamwal.commit;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Frees journal files in the background. Starts when the first one is full. */
final class CheckpointThread {

    private static final long AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

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
        return Thread.currentThread().equals(thread);
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

    /** What fails is told, and tried again when somebody commits; but not all the time. */
    private void runOnce() {
        try {
            boolean unused = checkpoint.run();
            reserve();
        } catch (FlushFailedException e) {
            // the log has failed, and has said so
        } catch (IOException | RuntimeException | Error e) {
            events.failed("checkpoint", null, e);
            LockSupport.parkNanos(this, AFTER_FAILURE_NANOS);
        }
    }

    private void reserve() throws IOException {
        try {
            checkpoint.reserve();
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            // no space: whoever appends next is told
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
