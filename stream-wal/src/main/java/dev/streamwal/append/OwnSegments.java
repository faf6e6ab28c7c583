package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a stream has that has segments of its own, or may have. Of a hundred thousand streams few have any: the others go without this, and it is most
 * of what a stream takes. Guarded by the stream's rotation lock, but for {@link #active} and what hangs on a segment.
 */
final class OwnSegments {

    private static final long NONE = -1;

    private final AtomicReference<@Nullable ActiveSegment> active = new AtomicReference<>();
    private final SpareSlot spare;
    private final DurableNames names;
    private final SegmentChain chain;
    private final PendingCut pendingCut;
    private final SegmentDeletion deletion;
    private final TailCut tailCut;

    private long endAtLastPass = NONE;
    private boolean isPinned;

    /**
     * Of a stream; nothing is looked for yet.
     *
     * @param hasSegments told whether the stream has any, whenever that may have changed
     * @param leaveShared has the stream go on as the chain says
     */
    @SuppressWarnings("GuardedBy") // made under the lock
    OwnSegments(LogContext log, StreamKey key, Path directory, ReentrantLock rotation, Consumer<Boolean> hasSegments, SegmentChain.Opening opening,
            Runnable leaveShared) {
        this.spare = new SpareSlot(log, key, () -> log.isClosed() || active.get() == null);
        this.names = new DurableNames(log.storage(), directory);
        this.chain = new SegmentChain(log, key, directory, active, spare, names, hasSegments, opening);
        this.pendingCut = new PendingCut(log, chain, rotation.newCondition());
        this.deletion = new SegmentDeletion(log, rotation, chain, pendingCut, leaveShared);
        this.tailCut = new TailCut(log, rotation, chain, pendingCut, leaveShared);
    }

    /** Where appends go; null where the next one finds out. Under no lock. */
    @Nullable ActiveSegment active() {
        return active.get();
    }

    SpareSlot spare() {
        return spare;
    }

    DurableNames names() {
        return names;
    }

    SegmentChain chain() {
        return chain;
    }

    SegmentList segments() {
        return chain.segments();
    }

    Continuation next() {
        return chain.next();
    }

    PendingCut pendingCut() {
        return pendingCut;
    }

    SegmentDeletion deletion() {
        return deletion;
    }

    TailCut tailCut() {
        return tailCut;
    }

    /** Somebody has it who gives up the lock meanwhile. */
    OwnSegments pin() {
        isPinned = true;
        return this;
    }

    /** Whether a stream that shares needs nothing of it: it has never had a segment, and nobody is about to delete or cut any. */
    boolean isDispensable() {
        return !isPinned && !chain.hasHadAny();
    }

    /** Whether nothing was appended since this was asked last. */
    boolean hasRested(long end) {
        boolean hasRested = end == endAtLastPass;
        endAtLastPass = end;
        return hasRested;
    }
}
