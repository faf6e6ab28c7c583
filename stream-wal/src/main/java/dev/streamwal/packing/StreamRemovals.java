package dev.streamwal.packing;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileConsumer;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.FileStep;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Deletes streams, or their beginnings, durably: many at a time, with the forces of one. For one thread, which holds a lock of {@link PackStore}.
 */
public final class StreamRemovals {

    /*
     * Many streams at a time.
     *
     * Each stream goes as it would by itself: see StreamBeginning and SegmentDeletion. But all do the same step together, and then the next one:
     *
     *   1  what goes is looked for, and for each stream the position is taken from which on everything stays. Nothing has changed.
     *   2  own segments that stand before parts elsewhere are condemned, written down by one block of the journal, and deleted.
     *   3  the directories of those streams that still have one are forced, and the folder of all directories, once.
     *   4  one change of the manifest removes what the streams have elsewhere, up to their next own segments. Again from 2, as long as there is more.
     *   5  the own segments that are left go, as in 2 and 3, but none that was begun since 1: what was appended before it elsewhere stays, too.
     *
     * A loss of power, or a kill, after any step leaves some streams without a part of their beginnings, and no stream without anything else: what the
     * journal has is deleted by the next opening, and the manifest has all of a change or nothing. The same is what readers of any process see in between.
     *
     * Between the steps more time passes than for one stream, which no step relies on. What is appended since 1 begins at or above the position that
     * was taken, and stays. The caller's lock keeps segments from being packed, cut and erased; a merge that lists a pack in between is given the ranges (see
     * Manifest#replaced). Another deletion of the same stream has positions of its own, and both are true. A sweep may remove packs: then ranges cover
     * nothing. Consumers hold nothing back from a deletion or a purge. A displaced writer is refused at 2 by the journal, and at 4 before it changes
     * anything; what it has condemned stays. On a full disk 2 deletes without writing down (see JournalledDeletions), and 4 overwrites the copy of the
     * manifest (see ManifestWriter).
     *
     * What fails for a stream ends that stream's removal, and no other's; a block or a change that fails, those of all streams in it. If the log has failed,
     * is closed or is another's, everything ends.
     */

    /** How many streams are taken at a time: they fit a block of the journal, and packing, which waits meanwhile, doesn't wait for long. */
    public static final int MAX_STREAMS = DeletionLog.MAX_STREAMS;

    private final PackStore store;
    private final DeletionLog deletions;
    private final BiConsumer<StreamKey, StreamLog.Deleted> each;
    private final BiConsumer<StreamLog, Exception> refused;

    /**
     * Removals of which the program is told.
     *
     * @param each receives every deleted segment, with the key of its stream
     * @param refused receives streams that can't be removed, or not all of what was to be, and why
     */
    public StreamRemovals(PackStore store, DeletionLog deletions, BiConsumer<StreamKey, StreamLog.Deleted> each, BiConsumer<StreamLog, Exception> refused) {
        this.store = store;
        this.deletions = deletions;
        this.each = each;
        this.refused = refused;
    }

    // ---------------------------------------------------------------- what is asked for

    /**
     * Deletes streams. If one is appended to again, it continues at positions that it never had.
     *
     * @param streams at most {@link #MAX_STREAMS}, each once
     * @return those of which there was something
     */
    public Set<StreamKey> delete(List<StreamLog> streams) throws IOException {
        List<StreamBeginning> all = look(streams, stream -> StreamBeginning.all(store, stream));
        Set<StreamKey> any = new HashSet<>();
        all.stream().filter(StreamBeginning::isAnyElsewhere).forEach(beginning -> any.add(beginning.key()));
        removeElsewhere(all);
        Map<StreamBeginning, Long> own = condemned(all, StreamBeginning::condemnAll);
        own.keySet().forEach(beginning -> any.add(beginning.key()));
        deleteOwn(own, Set.of());
        for (StreamBeginning beginning : own.keySet()) {
            attempt(beginning, deleted -> deleted.stream.forgetIfDeleted());
        }
        return any;
    }

    /**
     * Removes the oldest segments whose windows end at or before a time, wherever they stand.
     *
     * @param streams at most {@link #MAX_STREAMS}, each once
     * @param packed takes over what is in packs and shared segments, of streams that lose no own segments
     */
    public void purge(List<StreamLog> streams, long beforeMillis, PackedRemoval packed) throws IOException {
        List<StreamBeginning> all = look(streams, stream -> StreamBeginning.before(beforeMillis, store, stream));
        List<StreamBeginning> withOwn = all.stream().filter(StreamBeginning::isAnyOwn).toList();
        Set<StreamBeginning> others = new LinkedHashSet<>(all);
        withOwn.forEach(others::remove);
        others.removeIf(beginning -> !beginning.isAnyElsewhere());
        forceDirectories(others, others);
        others.removeIf(StreamBeginning::isRefused);
        others.forEach(beginning -> beginning.putOffNext(packed));
        removeElsewhere(withOwn);
        deleteOwn(condemned(withOwn, StreamBeginning::condemnRest), Set.of());
    }

    // ---------------------------------------------------------------- all of them, step by step

    private List<StreamBeginning> look(List<StreamLog> streams, FileFunction<StreamLog, StreamBeginning> look) throws IOException {
        List<StreamBeginning> found = new ArrayList<>(streams.size());
        for (StreamLog stream : streams) {
            try {
                found.add(look.apply(stream));
            } catch (IOException | WalException e) {
                throwIfOfLog(e);
                refused.accept(stream, e);
            }
        }
        return found;
    }

    private void removeElsewhere(List<StreamBeginning> beginnings) throws IOException {
        Set<StreamBeginning> left = new LinkedHashSet<>(beginnings);
        left.removeIf(beginning -> !beginning.isAnyElsewhere());
        while (!left.isEmpty()) {
            deleteOwn(condemned(left, StreamBeginning::condemnBeforeNext), left);
            left.removeIf(StreamBeginning::isRefused);
            // beside sweeps, which remove packs, too
            PackedRemoval change = new PackedRemoval(store, false, each);
            left.forEach(beginning -> beginning.putOffNext(change));
            attemptAll(left, change::finish);
            left.removeIf(beginning -> !beginning.isAnyElsewhere());
        }
    }

    private Map<StreamBeginning, Long> condemned(Collection<StreamBeginning> beginnings, FileFunction<StreamBeginning, OptionalLong> decision)
            throws IOException {
        Map<StreamBeginning, Long> condemned = new LinkedHashMap<>();
        for (StreamBeginning each : beginnings) {
            attempt(each, beginning -> decision.apply(beginning).ifPresent(below -> condemned.put(beginning, below)));
        }
        return condemned;
    }

    /**
     * Deletes own segments, once it is written down that they go, and makes that durable.
     *
     * @param condemned the positions below which they go
     * @param forced streams whose directories may have been deleted before
     */
    private void deleteOwn(Map<StreamBeginning, Long> condemned, Set<StreamBeginning> forced) throws IOException {
        if (condemned.isEmpty()) {
            forceDirectories(forced, forced);
            return;
        }
        List<Deletion.Below> decided = new ArrayList<>(condemned.size());
        condemned.forEach((beginning, below) -> decided.add(new Deletion.Below(beginning.key(), below)));
        Deletion.Kept[] kept = {() -> {}};
        attemptAll(condemned.keySet(), () -> kept[0] = deletions.deletedBelow(decided));
        try {
            Set<StreamBeginning> gone = new HashSet<>(forced);
            for (Map.Entry<StreamBeginning, Long> one : condemned.entrySet()) {
                attempt(one.getKey(), beginning -> {
                    if (beginning.stream.deleteBelow(one.getValue(), deleted -> each.accept(beginning.key(), deleted))) {
                        gone.add(beginning);
                    }
                });
            }
            Set<StreamBeginning> all = new LinkedHashSet<>(condemned.keySet());
            all.addAll(forced);
            forceDirectories(all, gone);
        } finally {
            kept[0].close();
        }
    }

    /** @param gone those whose directories may be gone */
    private void forceDirectories(Set<StreamBeginning> beginnings, Set<StreamBeginning> gone) throws IOException {
        List<StreamLog> missing = new ArrayList<>();
        for (StreamBeginning each : beginnings) {
            attempt(each, beginning -> {
                if (beginning.stream.forceDeletedFiles(gone.contains(beginning))) {
                    missing.add(beginning.stream);
                }
            });
        }
        if (!missing.isEmpty()) {
            missing.get(0).forceDeletedDirectories();
        }
    }

    // ---------------------------------------------------------------- failures

    private void attempt(StreamBeginning beginning, FileConsumer<StreamBeginning> step) throws IOException {
        if (!beginning.isRefused()) {
            try {
                step.accept(beginning);
            } catch (IOException | WalException e) {
                refuse(beginning, e);
            }
        }
    }

    /** Takes a step for all of these: if it fails, it has failed for each. */
    private void attemptAll(Collection<StreamBeginning> beginnings, FileStep step) throws IOException {
        try {
            step.run();
        } catch (IOException | WalException e) {
            for (StreamBeginning beginning : beginnings) {
                refuse(beginning, e);
            }
        }
    }

    private void refuse(StreamBeginning beginning, Exception failure) throws IOException {
        throwIfOfLog(failure);
        beginning.refuse();
        refused.accept(beginning.stream, failure);
    }

    private static void throwIfOfLog(Exception failure) throws IOException {
        if (failure instanceof FlushFailedException flush) {
            throw flush;
        }
        if (failure instanceof WalFailedException || failure instanceof WalClosedException || failure instanceof WalLockedException) {
            throw (WalException) failure;
        }
    }
}
