package dev.streamwal.append;

import dev.streamwal.append.StreamLog.Deleted;
import dev.streamwal.commit.Deletion;
import dev.streamwal.recovery.SegmentCut;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.storage.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cut of a stream that is being recorded, or is recorded but not completed; {@link TailCut} explains why the next segment waits for it.
 * Guarded by the stream's rotation lock.
 */
final class PendingCut {

    private final LogContext log;
    private final SegmentChain chain;

    /** Whether a cut is being recorded: until that has succeeded or failed, it is unknown where the next segment begins. */
    private boolean undecided;

    /** Signals the end of {@link #undecided}. */
    private final Condition decided;

    /** A cut that is recorded but not completed. */
    private @Nullable Cut pending;

    /** @param decided of the rotation lock */
    PendingCut(LogContext log, SegmentChain chain, Condition decided) {
        this.log = log;
        this.chain = chain;
        this.decided = decided;
    }

    /**
     * Deletes everything at positions {@code [from, to)}.
     *
     * @param tail of the file that holds {@code from}, once it is cut; empty if that segment is in a pack
     * @param windowStart of that segment
     * @param inPlace false if a thread may still write to that segment's file
     * @param kept the record of the cut
     */
    record Cut(long from, long to, Optional<RecoveredTail> tail, long windowStart, boolean inPlace, Deletion.Kept kept) {

        Cut writtenDown(Deletion.Kept newKept) {
            return new Cut(from, to, tail, windowStart, inPlace, newKept);
        }

        Cut notInPlace() {
            return new Cut(from, to, tail, windowStart, false, kept);
        }
    }

    void undecided() {
        undecided = true;
    }

    /** @param cut null if it could not be recorded */
    void decided(@Nullable Cut cut) {
        undecided = false;
        decided.signalAll();
        if (cut != null) {
            pending = cut;
            chain.cutBeganOrEnded();
        }
    }

    /**
     * The cut was recorded, or once more.
     *
     * @return the record that isn't needed any more
     */
    Deletion.Kept keptBy(Deletion.Kept newKept) {
        Cut cut = pending;
        if (cut == null) {
            // everything was deleted while the cut was recorded again
            return newKept;
        }
        pending = cut.writtenDown(newKept);
        return cut.kept();
    }

    /** Releases the rotation lock while it waits. */
    void awaitDecision() {
        while (undecided) {
            decided.awaitUninterruptibly();
        }
    }

    /** Recovers the stream, and completes its cut if one is left. Releases the rotation lock while a cut is being recorded. */
    void settle(Consumer<Deleted> each) throws IOException {
        awaitDecision();
        chain.checkOpen();
        chain.recover();
        finish(each);
    }

    /** The cut that is recorded but not completed; null if there is none. */
    @Nullable Cut left() {
        return pending;
    }

    /**
     * Completes a recorded cut: deletes the newest segments first, then what is in packs; then cuts the segment that holds what stays.
     *
     * @throws IOException if that isn't possible now, for example because segments are being packed
     */
    void finish(Consumer<Deleted> each) throws IOException {
        Cut cut = pending;
        if (cut == null) {
            return;
        }
        chain.checkWriter();
        // after a failed force the next one would succeed; the next opening of the log does the rest
        log.durability().checkForced();
        log.packed().whileNothingIsCopied(chain.key, () -> carryOut(cut, each));
    }

    private void carryOut(Cut cut, Consumer<Deleted> each) throws IOException {
        deleteWithin(cut, each);
        log.packed().cut(chain.key, cut.from(), cut.to());
        SegmentList segments = chain.segments;
        if (segments.isEmpty()) {
            // what was to stay has expired
            chain.nothingIsLeft();
            chain.names.forceDeletion(true);
            isDone(cut);
            return;
        }
        SegmentEntry holder = segments.holding(cut.from() - 1);
        if (holder != null && cut.tail().isPresent()) {
            letGo(holder, cut);
            cutBehind(holder, Objects.requireNonNull(pending), cut.tail().get());
        }
        chain.names.forceDeletion(false);
        isDone(cut);
    }

    private void deleteWithin(Cut cut, Consumer<Deleted> each) throws IOException {
        SegmentList segments = chain.segments;
        for (int i = segments.size() - 1; i >= 0; i--) {
            SegmentEntry entry = segments.all().get(i);
            long basePosition = entry.name().basePosition();
            if (basePosition >= cut.from() && basePosition < cut.to()) {
                // the newest first, wherever it stands: a reader that still finds the newest record assumes that nothing was cut off before
                // it
                log.packed().cut(chain.key, basePosition, cut.to());
                each.accept(chain.delete(entry));
            }
        }
    }

    /** If a slot isn't published, its mapping stays, and its thread may still write through it. */
    private void letGo(SegmentEntry holder, Cut cut) {
        ActiveSegment segment = holder.unfinished();
        if (segment != null) {
            if (!segment.letGoBehind(cut.from())) {
                chain.mappingStays(segment);
                pending = cut.notInPlace();
            }
            chain.segments.finished(holder, holder.bytes());
        }
    }

    private void cutBehind(SegmentEntry holder, Cut what, RecoveredTail tail) throws IOException {
        Path file = chain.fileOf(holder);
        SegmentCut cut = new SegmentCut(log.storage(), file, chain.headerOf(holder), tail);
        Path temporary = chain.directory.resolve(SegmentNames.temporary(log.newSalt()));
        Optional<Long> sealedBytes = cut.cut(temporary, what.inPlace(), cause -> log.forceFailed(file, cause));
        if (sealedBytes.isPresent()) {
            chain.segments.finished(holder, sealedBytes.get());
        } else {
            chain.sealAgain(holder, cut.header(), tail);
        }
    }

    private void isDone(Cut cut) {
        pending = null;
        cut.kept().close();
        log.packed().cutDone(chain.key);
        chain.cutBeganOrEnded();
    }
}
