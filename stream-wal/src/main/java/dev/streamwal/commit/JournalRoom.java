package dev.streamwal.commit;

import dev.streamwal.measure.Stall;
import dev.streamwal.measure.StallCause;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Waits for room in the journal: before a durable append, which is refused while there is none, and for the leader's next round. Thread-safe. */
final class JournalRoom {

    /** How long appends wait for a full journal that can't be emptied, for example since the disk is full, before they fail. */
    private static final long FULL_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long FULL_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final CommitJournal journal;
    private final JournalCheckpoint checkpoint;
    private final CommitEvents events;
    private final boolean hasThreads;

    /** Whether there was none when a durable append asked last. */
    private volatile boolean hadNone;

    /** @param hasThreads whether a full journal may be emptied while a round waits */
    JournalRoom(CommitJournal journal, JournalCheckpoint checkpoint, CommitEvents events, boolean hasThreads) {
        this.journal = journal;
        this.checkpoint = checkpoint;
        this.events = events;
        this.hasThreads = hasThreads;
    }

    /**
     * Returns when the journal has room for an append, or throws what would refuse it.
     *
     * @return false if the journal is closed
     */
    boolean prepare() throws IOException {
        if (journal.exists() && !journal.isScarce()) {
            return true;
        }
        try {
            boolean isOpen = journal.exists() ? reserved() : checkpoint.createJournal();
            if (isOpen && hadNone) {
                hadNone = false;
                events.succeeded(GroupCommitter.CHECKPOINT);
            }
            return isOpen;
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            hadNone = true;
            events.journalHasNoRoom(e);
            throw e;
        }
    }

    private boolean reserved() throws IOException {
        Stall stall = new Stall();
        try {
            checkpoint.reserve();
            return true;
        } finally {
            stall.end(StallCause.JOURNAL, null, events);
        }
    }

    /** Starts a round when there is room for it. Called by the leader. */
    void start(CommitRound round) throws IOException {
        if (!round.start()) {
            Stall stall = new Stall();
            try {
                startFull(round);
            } finally {
                stall.end(StallCause.JOURNAL, null, events);
            }
        }
    }

    private void startFull(CommitRound round) throws IOException {
        long deadline = System.nanoTime() + FULL_WAIT_NANOS;
        do {
            // runs a checkpoint, or waits for the thread that runs one: that one needs no lock of this thread
            IOException obstacle = makeRoom();
            if (obstacle != null) {
                if (!hasThreads || System.nanoTime() - deadline > 0) {
                    throw new IOException("the commit journal is full and can't be emptied: " + obstacle.getMessage(), obstacle);
                }
                LockSupport.parkNanos(FULL_LOOK_NANOS);
            }
        } while (!round.start());
    }

    /** @return the obstacle; null if there is room now */
    private @Nullable IOException makeRoom() throws FlushFailedException {
        try {
            return checkpoint.run() ? null : new IOException("deletions that it holds are still being carried out");
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            return e;
        }
    }
}
