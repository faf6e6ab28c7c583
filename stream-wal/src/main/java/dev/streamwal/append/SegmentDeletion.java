package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.StreamLog.Deleted;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** Deletes a stream's oldest segments, or all of them. Thread-safe. */
final class SegmentDeletion {

    /*
     * Deleting.
     *
     * What is to go is decided under the rotation lock, written down durably under no lock, and deleted under the lock again: what is still
     * there of it. It is written down as a position below which the stream has nothing; what keeps that true, and what may come between:
     *
     *   a new segment        begins at or above that position: where something stays, behind what stays; where all goes, at the log's
     *                        start, which was raised above all that was given, durably. `Continuation` remembers the position, whatever
     *                        recovery finds the stream's end to be; it is the only one to say where a segment begins.
     *   an append            goes to no segment below it: the active one is never decided to go, unless it is sealed with that, and
     *                        recovery, if it comes between, makes none active.
     *   recovery             may come behind it. It is told the position, as the journal that it knows is older: or it would take what stays
     *                        for what is left behind something that the disk lost.
     *   rotation, sealing    take from the list, or finish, segments that stay, or that go anyway; who deletes looks at the list anew.
     *   another deletion     has a position of its own. The higher one is as true as the lower one, in whichever order they are written
     *                        down; a file that the other has deleted isn't in the list any more.
     *   a deletion fails     the file stays, and so do those behind it; it is in the list, so the next sweep decides anew.
     *   writing down fails   nothing was touched; the stream goes on above the position, which leaves a gap and nothing else.
     *   close                before the deletion: nothing is touched any more, the files may be the next writer's, and what was written
     *                        down is done by whoever opens the log. During it: it waits for the rotation lock.
     */

    private final LogContext log;
    private final StreamKey key;
    private final DurableNames names;
    private final ReentrantLock rotation;

    @GuardedBy("rotation")
    private final SegmentChain chain;

    @GuardedBy("rotation")
    private final SegmentList segments;

    @GuardedBy("rotation")
    private final PendingCut cut;

    /** Has the stream go on as the chain says. */
    private final Runnable leaveShared;

    SegmentDeletion(LogContext log, ReentrantLock rotation, SegmentChain chain, PendingCut cut, Runnable leaveShared) {
        this.log = log;
        this.key = chain.key();
        this.names = chain.names();
        this.rotation = rotation;
        this.chain = chain;
        this.segments = chain.segments();
        this.cut = cut;
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
            chain.next().newestGone();
            below = log.positions().current().start();
        }
        chain.next().nothingBelow(below);
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

    /** See {@link StreamLog#deletePacked}. */
    void deletePacked(long below) throws IOException {
        boolean unused = deleteWhatIsBelow(below, gone -> {});
    }

    /** Deletes all that is to go, makes that durable, and forgets that it was written down. */
    private void deleteBelow(long below, Consumer<Deleted> each) throws IOException {
        DeletionLog.Kept kept = log.deletions().deletedBelow(List.of(new DeletionLog.DeletedBelow(key, below)));
        try {
            names.forceDeletion(deleteWhatIsBelow(below, each));
        } finally {
            kept.close();
        }
    }

    /** @return whether nothing is left */
    private boolean deleteWhatIsBelow(long below, Consumer<Deleted> each) throws IOException {
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
        Deleted deleted = chain.delete(entry);
        if (last) {
            chain.next().newestGone();
            chain.nothingIsLeft();
            cut.nothingIsLeft();
        }
        return deleted;
    }

    /** See {@link StreamLog#purge}. */
    void purge(long beforeMillis, long belowPosition, Consumer<Deleted> each) throws IOException {
        OptionalLong below = condemnBefore(beforeMillis, belowPosition);
        if (below.isPresent()) {
            deleteBelow(below.getAsLong(), each);
        }
    }

    private OptionalLong condemnBefore(long beforeMillis, long belowPosition) throws IOException {
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

    /** See {@link StreamLog#delete}. */
    boolean deleteAll(Consumer<Deleted> each) throws IOException {
        OptionalLong below = condemnAll();
        if (below.isEmpty()) {
            return false;
        }
        deleteBelow(below.getAsLong(), each);
        rotation.lock();
        try {
            if (segments.isEmpty()) {
                chain.forget();
            }
        } finally {
            rotation.unlock();
        }
        return true;
    }

    private OptionalLong condemnAll() throws IOException {
        rotation.lock();
        try {
            chain.checkOpen();
            chain.load();
            leaveShared.run();
            if (segments.isEmpty()) {
                if (chain.next().hasEnd()) {
                    chain.raiseStartAbove(chain.next().end());
                    chain.forget();
                    chain.nothingIsLeft();
                }
                return OptionalLong.empty();
            }
            chain.raiseStartAbove(Math.max(chain.next().hasEnd() ? chain.next().end() : 0, segments.newest().name().basePosition()));
            chain.setAside();
            return condemn(segments.size());
        } finally {
            rotation.unlock();
        }
    }
}
