package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.StreamLog.Deleted;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** Deletes a stream's oldest segments, or all of them. Thread-safe. */
final class SegmentDeletion {

    /*
     * Deleting.
     *
     * A deletion is decided under the rotation lock, recorded durably under no lock, and carried out under the lock again, on what is still
     * there of it. The record is a position below which the stream has nothing. What keeps it true, and what may happen in between:
     *
     *   a new segment        begins at or above that position: after what stays, or, if nothing stays, at the log's start, which was durably
     *                        raised above every position given. (Not for the shared stream: it goes on where it ended.) `Continuation` remembers
     *                        the position, whatever end of the stream recovery finds; nothing else decides where a segment begins.
     *   an append            goes to no segment below it. The active segment is never chosen, unless choosing it seals it; and a recovery
     *                        in between makes no segment active.
     *   recovery             may come after it. It is given the position, since the journal that it knows is older: otherwise it would take
     *                        the segments that stay for the remains of a loss by the disk.
     *   rotation, sealing    remove from the list, or finish, segments that stay or that are deleted anyway; the deletion reads the list
     *                        again.
     *   another deletion     has a position of its own. Both positions are true, in whichever order they are recorded; a file that the other
     *                        one has deleted is no longer in the list.
     *   a deletion fails     its file and those behind it stay; they are in the list, so the next sweep decides again.
     *   recording fails      nothing was touched; the stream continues above the position, which leaves a gap and nothing else.
     *   close                before the deletion: nothing is touched any more, since the files may be the next writer's, and the next
     *                        opening of the log completes what was recorded. During the deletion: close waits for the rotation lock.
     */

    private final LogContext log;
    private final StreamKey key;
    private final ReentrantLock rotation;

    @GuardedBy("rotation")
    private final SegmentChain chain;

    @GuardedBy("rotation")
    private final SegmentList segments;

    /** Makes the stream continue as the chain says. */
    private final Runnable leaveShared;

    SegmentDeletion(LogContext log, ReentrantLock rotation, SegmentChain chain, Runnable leaveShared) {
        this.log = log;
        this.key = chain.key;
        this.rotation = rotation;
        this.chain = chain;
        this.segments = chain.segments;
        this.leaveShared = leaveShared;
    }

    /** See {@link StreamLog#condemnUpTo}. */
    OptionalLong condemnUpTo(long basePosition) throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            chain.load();
            int count = 0;
            while (count < segments.size() && mayGo(count) && segments.all().get(count).name().basePosition() <= basePosition) {
                count++;
            }
            return condemn(count);
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean mayGo(int index) {
        ActiveSegment segment = chain.active();
        return segment == null || segments.all().get(index).unfinished() != segment;
    }

    /** @param count of the oldest segments, none of them active */
    @GuardedBy("rotation")
    private OptionalLong condemn(int count) throws IOException {
        if (count == 0) {
            return OptionalLong.empty();
        }
        long below;
        if (count < segments.size()) {
            below = segments.all().get(count).name().basePosition();
        } else {
            chain.raiseStartAbove(segments.newest().name().basePosition());
            chain.next.newestGone();
            below = chain.next.nextBase(log.positions().current().start());
        }
        chain.next.nothingBelow(below);
        return OptionalLong.of(below);
    }

    /** See {@link StreamLog#deleteOldest}. */
    Optional<Deleted> deleteOldest(long basePosition, long below) throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            boolean isOldest = isAnyBelow(below) && segments.oldest().name().basePosition() == basePosition;
            return isOldest ? Optional.of(deleteFirst()) : Optional.empty();
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean isAnyBelow(long below) {
        return !segments.isEmpty() && segments.oldest().name().basePosition() < below;
    }

    /** See {@link StreamLog#deleteBelow}. */
    boolean deleteBelow(long below, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            while (isAnyBelow(below)) {
                each.accept(deleteFirst());
            }
            return segments.isEmpty();
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private Deleted deleteFirst() throws IOException {
        SegmentEntry entry = segments.oldest();
        boolean last = segments.size() == 1;
        if (last) {
            chain.raiseStartAbove(entry.name().basePosition());
        }
        boolean isUnfinished = entry.unfinished() != null;
        Deleted deleted = chain.delete(entry);
        if (isUnfinished && chain.lastSealed() == null) {
            log.events().nothingToSeal(key.text());
        }
        if (last) {
            chain.next.newestGone();
            // a cut that is left may concern packs: it stays to be done
            chain.nothingIsLeft();
        }
        return deleted;
    }

    /** See {@link StreamLog#condemnBefore}. */
    OptionalLong condemnBefore(long beforeMillis, long belowPosition) throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            chain.recover();
            int count = 0;
            while (count < segments.size() && mayGo(count) && segments.all().get(count).name().basePosition() < belowPosition
                    && isOver(segments.all().get(count), beforeMillis)) {
                count++;
            }
            return condemn(count);
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean isOver(SegmentEntry entry, long beforeMillis) throws IOException {
        ActiveSegment unfinished = entry.unfinished();
        if (unfinished != null) {
            return unfinished.windowEndMillis() <= beforeMillis;
        }
        return chain.headerOf(entry).window().endMillis() <= beforeMillis;
    }

    /** See {@link StreamLog#forgetIfDeleted}. */
    void forgetIfDeleted() {
        rotation.lock();
        try {
            if (segments.isEmpty()) {
                chain.forget();
            }
        } finally {
            rotation.unlock();
        }
    }

    /**
     * See {@link StreamLog#forgetIfGone}.
     *
     * @param goneBelow the stream has nothing below this position
     */
    boolean forgetIfGone(long goneBelow) throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            leaveShared.run();
            if (chain.next.end() != goneBelow || !segments.isEmpty()) {
                return false;
            }
            chain.raiseStartAbove(Math.max(goneBelow, chain.next.lowestBase()));
            chain.forget();
            chain.nothingIsLeft();
            return true;
        } finally {
            rotation.unlock();
        }
    }

    /** See {@link StreamLog#condemnAll}. */
    OptionalLong condemnAll(long belowPosition) throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            chain.load();
            leaveShared.run();
            if (segments.isEmpty()) {
                if (chain.next.hasEnd()) {
                    chain.raiseStartAbove(chain.next.end());
                    chain.forget();
                    chain.nothingIsLeft();
                }
                return OptionalLong.empty();
            }
            int count = (int) segments.all().stream().filter(entry -> entry.name().basePosition() < belowPosition).count();
            if (count == segments.size()) {
                chain.raiseStartAbove(Math.max(chain.next.hasEnd() ? chain.next.end() : 0, segments.newest().name().basePosition()));
                chain.setAside();
            }
            return condemn(count);
        } finally {
            rotation.unlock();
        }
    }
}
