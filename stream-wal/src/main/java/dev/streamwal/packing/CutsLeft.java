package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.DeletionLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.format.StreamKey;
import dev.streamwal.recovery.RedoResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/** Cuts of an earlier writer's journal that aren't carried out yet in packs, or in a file that the disk had no room to shorten. Thread-safe. */
final class CutsLeft {

    private final Lock deleting;
    private final Runnable goesOn;
    private final PackStore.Cutting cutting;
    /** By stream. They are carried out under its monitor. */
    private final Map<StreamKey, List<RedoResult.Cut>> left = new ConcurrentHashMap<>();
    /** The record of them, which the journal keeps. */
    @GuardedBy("left")
    private Deletion.Kept record = () -> {};
    /** Cuts that the opening has left in streams' own segments, whether they were carried out since or not. Set before any stream is used. */
    private volatile Set<RedoResult.Cut> ownCuts = Set.of();
    private volatile PackStore.Cutting ownCut = cut -> {};

    /**
     * None is left.
     *
     * @param deleting held while cuts are carried out: see {@link PackStore#whileDeleting}
     * @param goesOn throws if the log is being closed
     * @param cutting carries out a cut in packs
     */
    CutsLeft(Lock deleting, Runnable goesOn, PackStore.Cutting cutting) {
        this.deleting = deleting;
        this.goesOn = goesOn;
        this.cutting = cutting;
    }

    /**
     * Carries out the cuts of an earlier writer's journal, before any stream is used. A cut that can't be carried out, because a pack is damaged or
     * the disk is full, is left to the next use of the stream, to the next pass of packing, or to the next opening. Until then the stream isn't
     * appended to, and readers find what isn't cut off yet.
     *
     * @param cuts not empty; for each stream in the journal's order
     * @param withoutRoom the cuts among them that aren't carried out in the streams' own segments either
     * @param own carries out {@code withoutRoom}
     * @param newRecord keeps that journal until it is closed
     * @param failed receives each failure
     */
    void redo(List<RedoResult.Cut> cuts, List<RedoResult.Cut> withoutRoom, PackStore.Cutting own, Deletion.Kept newRecord, Consumer<Exception> failed) {
        ownCuts = Set.copyOf(withoutRoom);
        ownCut = own;
        synchronized (left) {
            record = newRecord;
            // some were recorded again
            cuts.stream().distinct().forEach(cut -> left.computeIfAbsent(cut.key(), unused -> new ArrayList<>()).add(cut));
        }
        finish(failed);
    }

    /** Records the cuts that are left again. Otherwise the journal would have to keep all that was written to it since, until it takes no more. */
    void recordAgain(DeletionLog deletions, Consumer<Exception> failed) {
        List<Deletion.Kept> again = new ArrayList<>();
        Deletion.Kept recorded = () -> again.forEach(Deletion.Kept::close);
        Deletion.Kept unneeded = recorded;
        try {
            for (List<RedoResult.Cut> cuts : left.values()) {
                for (RedoResult.Cut cut : cuts) {
                    again.add(deletions.truncated(cut.key(), cut.from(), cut.to()));
                }
            }
            unneeded = inPlaceOfRecord(recorded);
        } catch (IOException | RuntimeException e) {
            failed.accept(e);
        } finally {
            unneeded.close();
        }
    }

    /** Returns the record that isn't needed any more. */
    private Deletion.Kept inPlaceOfRecord(Deletion.Kept recorded) {
        synchronized (left) {
            // if none is left, the record before was closed with the last cut
            Deletion.Kept before = left.isEmpty() ? recorded : record;
            record = left.isEmpty() ? record : recorded;
            return before;
        }
    }

    /** Carries out the cuts that are left, as far as that is possible now. */
    void finish(Consumer<Exception> failed) {
        for (StreamKey key : left.keySet()) {
            try {
                finish(key);
            } catch (IOException | RuntimeException e) {
                failed.accept(e);
            }
        }
    }

    /** Carries out the cuts that are left of one stream, before it is used. */
    void finish(StreamKey key) throws IOException {
        if (!isLeft(key)) {
            return;
        }
        // doesn't wait: the caller may hold a lock of the stream, which packing takes while it holds this one
        if (!deleting.tryLock()) {
            throw new IOException("stream's packs are being changed, and its cut isn't finished yet: stream=" + key + "; try again");
        }
        try {
            synchronized (left) {
                for (RedoResult.Cut cut : left.getOrDefault(key, List.of())) {
                    carryOut(cut);
                }
                if (left.remove(key) != null && left.isEmpty()) {
                    record.close();
                }
            }
        } finally {
            deleting.unlock();
        }
    }

    private void carryOut(RedoResult.Cut cut) throws IOException {
        goesOn.run();
        if (ownCuts.contains(cut)) {
            ownCut.carryOut(cut);
        }
        cutting.carryOut(cut);
    }

    /** See {@link PackStore#finishOwnCuts}. */
    boolean finishOwn(StreamKey key) throws IOException {
        if (ownCuts.stream().noneMatch(cut -> cut.key().equals(key))) {
            return false;
        }
        finish(key);
        return true;
    }

    /** Whether any stream still has a cut that an opening could not carry out. */
    boolean isAny() {
        return !left.isEmpty();
    }

    /** Whether the stream still has a cut that an opening could not carry out. */
    boolean isLeft(StreamKey key) {
        return left.containsKey(key);
    }
}
