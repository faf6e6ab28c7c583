package dev.streamwal.append;

import java.util.concurrent.locks.LockSupport;

/** Prepares space ahead of the tails, and successors for segments that are about to be full, so that appends don't have to. */
final class SpacePreparer extends BackgroundThread<ActiveSegment> {

    /** The task's name in reports of its failures, whichever thread prepares. */
    static final String TASK = "prepare";

    private static final long LOOK_NANOS = 20_000;
    /** Limit of looks: if threads wait all the time, the preparer goes on, so that appends don't have to wait for space. */
    private static final int MAX_LOOKS = 20;

    SpacePreparer(LogEvents events) {
        super(TASK, events);
    }

    @Override
    void work(ActiveSegment segment) {
        while (segment.prepareAhead()) {
            letIn(segment);
        }
        if (segment.isNearlyFull()) {
            segment.owner().prepareSuccessor();
        }
    }

    /**
     * Lets a thread that waits for the segment's lock, for example a leader, in between two steps. Releasing the lock isn't enough: by the
     * time the waiting thread runs, the next step has the lock again.
     */
    private static void letIn(ActiveSegment segment) {
        for (int looks = 0; looks < MAX_LOOKS && segment.isWaitedFor(); looks++) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    @Override
    String streamOf(ActiveSegment segment) {
        return segment.header().key().text();
    }
}
