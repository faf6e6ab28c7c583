package dev.streamwal.append;

/** Prepares space ahead of the tails, and successors for segments that are about to be full, so that appends needn't. */
final class SpacePreparer extends BackgroundThread<ActiveSegment> {

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
            Thread.onSpinWait(); // the lock was free between two steps, for whoever waits for it
        }
        if (segment.isNearlyFull()) {
            segment.owner().prepareSuccessor();
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
