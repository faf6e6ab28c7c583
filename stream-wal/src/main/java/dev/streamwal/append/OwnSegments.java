package dev.streamwal.append;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * State of a stream that has, or may have, segments of its own. Of a hundred thousand streams few have any; the others go without this
 * object, which is most of a stream's memory. Guarded by the stream's rotation lock, except {@link #active} and the state of segments.
 */
final class OwnSegments {

    private final AtomicReference<@Nullable ActiveSegment> active = new AtomicReference<>();
    final SpareSlot spare;
    final DurableNames names;
    final SegmentChain chain;
    final PendingCut pendingCut;
    final SegmentCreation creation;
    final SegmentAges ages;
    final SegmentDeletion deletion;
    final TailCut tailCut;
    final SegmentErasure erasure;

    private boolean isPinned;

    /** State of a stream whose segments aren't listed yet. */
    @SuppressWarnings("GuardedBy") // made under the lock; hasSegments() and leaveShared() are called under it
    OwnSegments(StreamLog stream, ReentrantLock rotation) {
        LogContext log = stream.log();
        this.spare = new SpareSlot(log, stream.key(), () -> log.isClosed() || active.get() == null);
        this.names = new DurableNames(log, stream.directory());
        this.chain = new SegmentChain(log, stream.key(), stream.directory(), active, spare, names, stream::hasSegments,
                (header, file, tail) -> new ActiveSegment(log, stream, header, file, tail));
        this.pendingCut = new PendingCut(log, chain, rotation.newCondition());
        this.creation = new SegmentCreation(stream, rotation, chain, spare, stream::hasSegments);
        this.ages = new SegmentAges(stream, rotation, chain, pendingCut, creation);
        this.deletion = new SegmentDeletion(log, rotation, chain, stream::leaveShared);
        this.tailCut = new TailCut(log, rotation, chain, pendingCut, stream::leaveShared);
        this.erasure = new SegmentErasure(log, rotation, chain, pendingCut);
    }

    /** Where appends go; null if the next append has to find out. Needs no lock. */
    @Nullable ActiveSegment active() {
        return active.get();
    }

    /** Keeps this object while a thread that uses it releases the lock. */
    OwnSegments pin() {
        isPinned = true;
        return this;
    }

    /** Whether a stream that shares can drop this object: it has never had a segment, and no thread is about to delete or cut any. */
    boolean isDispensable() {
        return !isPinned && !chain.hasHadAny();
    }
}
