package dev.streamwal.append;

import java.util.concurrent.locks.LockSupport;

/** Prepares space ahead of the tails, and successors for segments that are about to be full, so that appends needn't. */
final class SpacePreparer extends BackgroundThread<ActiveSegment> {

    private static final long LOOK_NANOS = 20_000;
    /** Where there is always somebody who waits, nobody is kept waiting for space. */
    private static final int MAX_LOOKS = 20;

    SpacePreparer(LogEvents events) {
        super("prepare", events);
    }

    /** The segment's own flag keeps it from being in the queue twice. */
    void prepare(ActiveSegment segment) {
        add(segment);
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
     * Whoever waits for the segment's lock, a leader say, comes between two steps. That the lock is free then isn't enough: by the time who waits
     * is awake, the next step has it again.
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

    void stop() {
        end();
    }
}
