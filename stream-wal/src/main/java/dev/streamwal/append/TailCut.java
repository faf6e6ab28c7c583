package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.StreamLog.Deleted;
import dev.streamwal.commit.Deletion;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.recovery.SegmentCut;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.storage.SegmentFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Cuts off everything after a record. Thread-safe. */
final class TailCut {

    /*
     * Cutting.
     *
     * Like a deletion (see SegmentDeletion), a cut is decided under the rotation lock, recorded under no lock, and carried out under the
     * lock. Unlike a deletion, it moves the stream's end: the stream continues behind what is cut, and the next segment records where the
     * data before it ends. That place is the cut, once the cut is recorded, or the old end, if recording fails. So no segment is created in
     * between: a thread that needs one waits, holding no lock. Nor is a segment created before the whole cut is carried out; otherwise a
     * process that ended then would leave a segment behind data that it doesn't account for. A cut that fails half way is completed by the
     * next thread that needs a segment, by the next sweep, or by another cut (see PendingCut). Sweeps visit the stream until then, even if all of it is
     * in packs. A cut that the end of the process interrupts is completed by the next opening of the log: its record is kept until the cut is durable.
     *
     * While its record is kept, the journal keeps all that was written to it since, and in the end takes no more. So a sweep that can't complete the cut
     * records it again, and only then lets the earlier record go: at no moment is there none. Two records of it say the same, as positions are never given
     * twice. While it is recorded again it counts as undecided, so that no later cut is recorded before it.
     *
     * Slots reserved in the active segment before it is sealed are cut with the rest. A segment created meanwhile would begin at or above
     * `to`, and stay; there is none, except in a stream that was deleted and is appended to again.
     */

    private final LogContext log;
    private final StreamKey key;
    private final ReentrantLock rotation;

    @GuardedBy("rotation")
    private final SegmentChain chain;

    @GuardedBy("rotation")
    private final PendingCut pending;

    /** Makes the stream continue as the chain says. */
    private final Runnable leaveShared;

    TailCut(LogContext log, ReentrantLock rotation, SegmentChain chain, PendingCut pending, Runnable leaveShared) {
        this.log = log;
        this.key = chain.key;
        this.rotation = rotation;
        this.chain = chain;
        this.pending = pending;
        this.leaveShared = leaveShared;
    }

    /** See {@link StreamLog#truncateAfter}. */
    void truncateAfter(EntryRef last, Consumer<Deleted> each) throws IOException {
        PendingCut.Cut cut = decide(last, each);
        if (cut == null) {
            return;
        }
        Deletion.Kept kept = null;
        try {
            kept = log.deletions().truncated(key, cut.from(), cut.to());
        } finally {
            carryOut(cut, kept, each);
        }
    }

    /** See {@link StreamLog#finishCut}. */
    void finishLeft() throws IOException {
        try {
            finishNow();
        } catch (FlushFailedException e) {
            // the journal takes nothing any more
            throw e;
        } catch (IOException | RuntimeException e) {
            try {
                recordAgain();
            } catch (IOException | RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    private void finishNow() throws IOException {
        rotation.lock();
        try {
            pending.finish(gone -> {});
        } finally {
            rotation.unlock();
        }
    }

    private void recordAgain() throws IOException {
        PendingCut.Cut left = leftUndecided();
        if (left == null) {
            return;
        }
        Deletion.Kept kept = null;
        try {
            kept = log.deletions().truncated(key, left.from(), left.to());
        } finally {
            decideAgain(kept);
        }
    }

    private PendingCut.@Nullable Cut leftUndecided() {
        rotation.lock();
        try {
            PendingCut.Cut left = pending.left();
            if (left != null) {
                pending.undecided();
            }
            return left;
        } finally {
            rotation.unlock();
        }
    }

    /** @param kept null if it could not be recorded */
    private void decideAgain(Deletion.@Nullable Kept kept) {
        Deletion.@Nullable Kept unneeded;
        rotation.lock();
        try {
            pending.decided(null);
            unneeded = kept == null ? null : pending.keptBy(kept);
        } finally {
            rotation.unlock();
        }
        if (unneeded != null) {
            unneeded.close();
        }
    }

    /** @param kept null if it could not be recorded */
    private void carryOut(PendingCut.Cut cut, Deletion.@Nullable Kept kept, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            if (kept == null) {
                pending.decided(null);
                chain.sealWhatWasLeft();
                return;
            }
            // first what needs no memory: whatever fails from here on, the next segment begins behind what is cut, and the cut is completed before
            chain.next.cut(cut.from(), cut.to(), cut.windowStart());
            pending.decided(cut);
            pending.keptBy(kept).close();
            pending.finish(each);
        } finally {
            rotation.unlock();
        }
    }

    /** @return null if nothing follows the record */
    private PendingCut.@Nullable Cut decide(EntryRef last, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            pending.settle(each);
            leaveShared.run();
            SegmentEntry holder = chain.segments.holding(last.position());
            PendingCut.Cut cut = holder == null || !isIn(holder, last) ? cutInPack(last) : cutIn(holder, last);
            if (cut != null) {
                chain.setAside();
                // the last step: from here on it has to be decided
                pending.undecided();
            }
            return cut;
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private PendingCut.@Nullable Cut cutIn(SegmentEntry holder, EntryRef last) throws IOException {
        try (SegmentFile file = log.storage().open(chain.fileOf(holder))) {
            SegmentHeader header = chain.headerOf(holder.name(), file);
            checkIsLast(last, file, header, file.path());
            return chain.endPosition() == last.end() ? null : plan(last, holder, file, header);
        }
    }

    /** The segment that begins before a position may also end before it, if the stream has shared segments since. */
    @GuardedBy("rotation")
    private boolean isIn(SegmentEntry holder, EntryRef last) throws IOException {
        try (SegmentFile file = log.storage().open(chain.fileOf(holder))) {
            SegmentHeader header = chain.headerOf(holder.name(), file);
            try (SegmentScan scan = new SegmentScan(file, header)) {
                scan.seek(header.offsetOf(last.position()));
                return scan.next();
            }
        }
    }

    /** Deletes everything after the record that has a file of its own. */
    @GuardedBy("rotation")
    private PendingCut.@Nullable Cut cutInPack(EntryRef last) throws IOException {
        Optional<PackedData.Held> found = log.packed().holding(key, last.position());
        if (found.isEmpty()) {
            throw notThere(last, chain.directory);
        }
        try (PackedData.Held held = found.get()) {
            checkIsLast(last, held.bytes(), held.header(), held.file());
            if (chain.endPosition() == last.end()) {
                return null;
            }
            // a recorded cut has to be carried out: each opening tries until it is
            held.checkCut(last.end());
            chain.raiseStartAbove(chain.endPosition());
            long to = log.positions().current().start();
            return new PendingCut.Cut(last.end(), to, Optional.empty(), held.header().window().startMillis(), true, () -> {});
        }
    }

    private void checkIsLast(EntryRef last, SegmentBytes bytes, SegmentHeader header, Path file) throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            scan.seek(header.offsetOf(last.position()));
            if (!scan.next() || scan.frameBytes() != last.size() || !scan.isShown()) {
                throw notThere(last, file);
            }
            if (RecordLayout.isMember(scan.flags()) && scan.next() && RecordLayout.isMember(scan.flags())) {
                throw new IllegalArgumentException(MessageText.of("can't truncate within a batch: the record isn't its batch's last,"
                        + " ref=" + last + ", file=" + file + "; give the batch's last record, or the one before the batch"));
            }
        }
    }

    private EntryNotFoundException notThere(EntryRef last, Path where) {
        return new EntryNotFoundException("no record at the position to truncate after: ref=" + last + ", file=" + where
                + "; it was deleted or cut off meanwhile", where, key.text(), last.position(), null);
    }

    @GuardedBy("rotation")
    private PendingCut.Cut plan(EntryRef last, SegmentEntry holder, SegmentFile file, SegmentHeader header) throws IOException {
        ActiveSegment unfinished = holder.unfinished();
        if (unfinished != null && !unfinished.awaitPublished(last.end())) {
            throw new IOException("an append before the cut hasn't completed: ref=" + last + ", file=" + file.path()
                    + "; try again, or open the log again");
        }
        RecoveredTail tail = SegmentCut.walk(file, header, (int) header.offsetOf(last.end()))
                .orElseThrow(() -> notThere(last, file.path()));
        chain.raiseStartAbove(Math.max(chain.endPosition(), chain.segments.newest().name().basePosition()));
        long to = log.positions().current().start();
        return new PendingCut.Cut(last.end(), to, Optional.of(tail), header.window().startMillis(), true, () -> {});
    }
}
