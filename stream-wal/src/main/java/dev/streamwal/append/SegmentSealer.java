package dev.streamwal.append;

import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.SegmentSealEvent;
import dev.streamwal.measure.Stall;
import dev.streamwal.measure.StallCause;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Gives sealed segments their final form, one after the other, so that a stream's footers appear in order. If it falls behind by {@link
 * #MAX_BACKLOG} segments, rotating threads help, which slows appends down to the speed of the disk.
 */
final class SegmentSealer extends BackgroundThread<ActiveSegment> {

    /** Each segment holds a mapping. Full segments of 64 MiB are as much unwritten data as a kernel lets a machine gather. */
    private static final int MAX_BACKLOG = 256;
    /** How often a segment with an unpublished slot is examined, 1 ms apart, before it is left to the next sweep. */
    private static final int MAX_TRIES = 10;

    private final ReentrantLock sealing = new ReentrantLock();

    SegmentSealer(LogEvents events) {
        super("seal", events);
    }

    /** Finishes a sealed segment, and those of its stream before it, as far as that is possible now. To be called without locks. */
    void sealNow(ActiveSegment segment) throws IOException {
        work(segment);
    }

    /** To be called without locks. */
    void helpIfBehind() {
        while (backlog() > MAX_BACKLOG) {
            ActiveSegment oldest = poll();
            if (oldest != null) {
                Stall stall = new Stall();
                perform(oldest);
                stall.end(StallCause.SEALING, oldest.header().key(), events);
            }
        }
    }

    @Override
    void work(ActiveSegment segment) throws IOException {
        sealing.lock();
        try {
            // earlier ones first: the thread that took the one before it from the queue may be slower, or may have failed
            StreamLog owner = segment.owner();
            boolean finished = true;
            for (ActiveSegment next = owner.nextToFinish(segment); finished && next != null; next = owner.nextToFinish(segment)) {
                SegmentSealEvent event = FlightRecording.isOn() ? new SegmentSealEvent() : null;
                finished = finish(next, next.equals(segment) ? MAX_TRIES : 1);
                if (finished) {
                    owner.finished(next);
                    if (event != null) {
                        event.sealed(streamOf(next), next.path(), next.sealedBytes());
                    }
                }
            }
        } finally {
            segment.owner().left(segment);
            sealing.unlock();
        }
    }

    private static boolean finish(ActiveSegment segment, int maxTries) throws IOException {
        boolean finished = segment.finish();
        for (int tries = 1; !finished && tries < maxTries; tries++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            finished = segment.finish();
        }
        return finished;
    }

    @Override
    String streamOf(ActiveSegment segment) {
        return segment.header().key().text();
    }

    /** Ends the thread, after it has finished the queue. */
    void stop() {
        end();
        workOff();
    }
}
