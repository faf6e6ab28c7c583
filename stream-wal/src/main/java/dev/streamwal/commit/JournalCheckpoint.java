package dev.streamwal.commit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.journal.JournalBlockLayout;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.measure.FlushCause;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Frees files of the journal: forces the segments and the names that their blocks mention, records that in the frontier, and only then
 * releases the files. Runs on its own thread, paced, or on a leader that finds no free file. Thread-safe.
 *
 * <p>Why nothing is lost: a segment's bytes are in its file before they are in a block, so forcing the file after the block was written
 * covers them. The frontier is true when it is written, and the files are reused after it is durable. A crash in between leaves the old
 * frontier, and with it the whole journal.
 */
final class JournalCheckpoint {

    /** Pause between two forces while there is room enough: the program needs the disk too. */
    private static final long PACE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** For so many streams at a time the directories are forced before the streams are examined. */
    private static final int MAX_SETTLED_STREAMS = 1_024;

    private final Path root;
    private final CommitJournal journal;
    private final SegmentForce force;
    private final ForcedSegments forced = new ForcedSegments();
    private final LongSupplier ids;
    private final ReentrantLock running = new ReentrantLock();
    private final @Nullable CheckpointThread thread;
    private final CommitEvents events;
    private final GroupCommitter committer;

    /** Segments that blocks of an earlier writer mention; forced with that writer's first file. */
    private final ForcedSegments inherited = new ForcedSegments();

    @GuardedBy("running")
    private long firstSequence = JournalBlockLayout.FIRST_SEQUENCE;

    /** Streams with deletions in blocks of an earlier writer; opening the log has carried these out. */
    @GuardedBy("running")
    private final Set<StreamKey> inheritedDeletions = new LinkedHashSet<>();

    @GuardedBy("running")
    private boolean closed;

    /**
     * Deletions that were carried out, and that {@link #forced} and {@link #inherited} may not know of yet. The next deletion takes out those that a
     * checkpoint hasn't taken out at its end. So there are no more than are carried out during one checkpoint.
     */
    private final ConcurrentLinkedQueue<Deletion> carriedOut = new ConcurrentLinkedQueue<>();

    /** Ends a running checkpoint early. */
    private volatile boolean stopping;

    /** Set once, before anything is deleted. */
    private volatile Function<StreamKey, @Nullable CommitStream> streams = key -> null;

    /** @param committer receives a failed force, on whichever thread the checkpoint runs */
    JournalCheckpoint(CommitSettings settings, CommitJournal journal, SegmentForce force, GroupCommitter committer) {
        this.committer = committer;
        this.events = settings.events();
        this.root = settings.root();
        this.journal = journal;
        this.force = force;
        this.ids = settings.ids();
        this.thread = settings.threads() ? new CheckpointThread(this, settings.events()) : null;
    }

    /** Null if the stream is not in use. */
    @Nullable CommitStream streamOf(StreamKey key) {
        return streams.apply(key);
    }

    /** Sets how to find the streams that are in use. */
    void streams(Function<StreamKey, @Nullable CommitStream> known) {
        streams = known;
    }

    /** @return false if there is none, because the log was closed */
    boolean createJournal() throws IOException {
        return journal.create(ids.getAsLong());
    }

    /** Takes over what an earlier writer left. Its frontier stays as it is: together with the existing journal it is as true as before. */
    void inherit(InheritedJournal found) {
        running.lock();
        try {
            inherited.addAll(found.durable().segments());
            inheritedDeletions.addAll(found.durable().deletedFrom());
            firstSequence = found.frontier().firstSequence();
            forced.addAll(known(found));
        } finally {
            running.unlock();
        }
    }

    /** The frontier's entries, without what the journal has deleted or cut since: the journal may say so for the last time. */
    private static List<FrontierSegment> known(InheritedJournal found) {
        List<FrontierSegment> known = new ArrayList<>();
        for (FrontierSegment segment : found.frontier().segments()) {
            OptionalInt durable = found.durable().durableOffset(segment.key(), segment.basePosition(), segment.salt());
            if (durable.isPresent()) {
                known.add(new FrontierSegment(segment.key(), segment.basePosition(), segment.salt(),
                        Math.min(segment.durableOffset(), durable.getAsInt())));
            }
        }
        return known;
    }

    void opened(CommitSegment segment) {
        inherited.adopt(segment).ifPresent(segment::raiseDurableOffset);
        forced.adopt(segment).ifPresent(offset -> {
            segment.raiseDurableOffset(offset);
            segment.named();
        });
    }

    void wakeIfNeeded() {
        CheckpointThread background = thread;
        if (background != null && (journal.hasFull() || journal.isScarce())) {
            background.wake();
        }
    }

    /**
     * Frees the files that are full now, up to the first one with deletions that are still being carried out.
     *
     * @return whether a file was freed, or another thread has just finished a checkpoint
     * @throws FlushFailedException if something could not be forced; then the log has failed
     */
    boolean run() throws IOException {
        boolean waited = !running.tryLock();
        if (waited) {
            running.lock();
        }
        try {
            return freeFull(false) || waited;
        } finally {
            running.unlock();
        }
    }

    /** Does the thread's work on the calling thread. If there is no space for the next file, the next append throws. */
    void runInBackground() throws IOException {
        boolean unused = run();
        try {
            reserve();
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            // the next append throws
        }
    }

    /**
     * Makes sure that the journal can continue, while its current file still has room for what was promised a place.
     *
     * @throws IOException if there is no space for a file, and none can be freed
     */
    void reserve() throws IOException {
        // doesn't wait for a running checkpoint, whose time depends on the number of segments to force
        IOException obstacle = journal.isScarce() ? addFile() : null;
        if (!journal.isScarce()) {
            return;
        }
        running.lock();
        try {
            if (!closed && journal.isScarce() && !freeFull(false) && obstacle != null) {
                throw obstacle;
            }
        } finally {
            running.unlock();
        }
    }

    /** @return the obstacle; null if it doesn't concern the appending caller, such as deletions in progress */
    private @Nullable IOException addFile() {
        try {
            boolean unused = journal.addFile();
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    /**
     * Overwrites all that the journal has, and no more: what is committed meanwhile stays. So that nothing of it stands behind that, no block is written to
     * a file that isn't overwritten yet. The current file is given up, and the free ones are taken away, before the next block; a full file is overwritten
     * before it is free.
     *
     * @param leads begins to lead, unless another thread leads. It doesn't wait for that thread, which may wait for a checkpoint to end
     * @param begun ends that, as soon as a block may be written again
     * @return false if another thread leads: then nothing was done
     */
    boolean isScrubbed(BooleanSupplier leads, Runnable begun) throws IOException {
        running.lock();
        try {
            if (!leads.getAsBoolean()) {
                return false;
            }
            List<OpenJournalFile> used;
            List<OpenJournalFile> idle;
            try {
                journal.giveUpCurrent();
                used = journal.full();
                idle = journal.takeIdle();
            } finally {
                begun.run();
            }
            journal.overwriteIdle(idle);
            // not those that fill meanwhile: under load there may always be one
            while (!Collections.disjoint(journal.full(), used)) {
                if (!freeFull(true)) {
                    throw new IOException("journal can't be emptied now, because a deletion is being carried out, or the log is being closed: folder="
                            + JournalFiles.directory(root) + "; try again");
                }
            }
            return true;
        } finally {
            running.unlock();
        }
    }

    /** @param overwritten whether the files are overwritten before they are free */
    @GuardedBy("running")
    private boolean freeFull(boolean overwritten) throws IOException {
        List<OpenJournalFile> files = new ArrayList<>();
        for (OpenJournalFile file : journal.full()) {
            if (file.isPinned()) {
                break;
            }
            files.add(file);
        }
        if (files.isEmpty() || closed) {
            return false;
        }
        // otherwise it would look for segments that have gone
        forgetCarriedOut();
        try {
            if (!forceAll(files)) {
                return false;
            }
        } catch (FlushFailedException e) {
            committer.fail(e);
            throw e;
        }
        // another thread may have received a write error that the force here then missed
        committer.throwIfFailed();
        for (OpenJournalFile file : files) {
            // a file without blocks says nothing, or what was true when it was used before
            firstSequence = Math.max(firstSequence, file.lastSequence() + 1);
        }
        journal.checkWriter();
        writeFrontier();
        if (isAnyInherited(files)) {
            // only now: after a failure all of it would be done again
            inherited.clear();
            inheritedDeletions.clear();
        }
        if (overwritten) {
            journal.overwrite(files);
        }
        journal.free(files);
        return true;
    }

    /** @return false if the log is being closed: then the next writer does it */
    @GuardedBy("running")
    private boolean forceAll(List<OpenJournalFile> files) throws IOException {
        Set<CommitSegment> segments = new LinkedHashSet<>();
        for (OpenJournalFile file : files) {
            segments.addAll(file.mentioned());
        }
        Set<Path> directories = new LinkedHashSet<>();
        Map<CommitSegment, FrontierSegment> proofs = new LinkedHashMap<>();
        for (CommitSegment segment : segments) {
            if (stopping) {
                return false;
            }
            force(segment, directories, proofs);
            pace();
        }
        forceFinished(directories);
        List<FrontierSegment> inheritedForced = List.of();
        if (isAnyInherited(files)) {
            inheritedForced = forceInherited(directories);
        }
        forceDirectories(directories);
        // the names that the frontier vouches for are durable only now
        proofs.forEach((segment, proof) -> {
            segment.named();
            forced.put(proof, segment);
        });
        inheritedForced.forEach(segment -> forced.take(segment, inherited));
        for (OpenJournalFile file : files) {
            settleDeletions(file.deletedFrom(), directories);
        }
        if (isAnyInherited(files)) {
            settleDeletions(inheritedDeletions, directories);
        }
        return true;
    }

    /**
     * Makes durable that deleted segments are gone, and with which segments the streams begin since. Handles some streams at a time, so that
     * it takes no memory for each: a settled stream stays settled whatever happens to the others, and a stream that occurs again is settled
     * again.
     *
     * @param directories that were forced since these deletions were carried out, including the names that lead to them
     */
    private void settleDeletions(Iterable<StreamKey> deletedFrom, Set<Path> directories) throws IOException {
        Set<StreamKey> some = new LinkedHashSet<>();
        for (Iterator<StreamKey> keys = deletedFrom.iterator(); keys.hasNext(); ) {
            some.add(keys.next());
            if (some.size() == MAX_SETTLED_STREAMS || !keys.hasNext()) {
                Set<Path> unforced = new LinkedHashSet<>();
                some.forEach(key -> unforced.add(force.directoryOf(key)));
                unforced.removeAll(directories);
                forceDirectories(unforced);
                for (StreamKey key : some) {
                    keepBeginning(key);
                    pace();
                }
                some.clear();
            }
        }
    }

    /**
     * Preserves a fact that the journal will no longer record: that the stream begins with its present first segment, since what preceded it
     * was deleted, not lost. The segment's footer, made durable here, records it, or else the frontier.
     */
    private void keepBeginning(StreamKey key) throws IOException {
        FrontierSegment oldest = force.oldestWithoutFooter(key).orElse(null);
        if (oldest == null) {
            return;
        }
        CommitStream stream = streams.apply(key);
        for (CommitSegment open : stream == null ? List.<CommitSegment>of() : stream.openSegments()) {
            if (open.header().basePosition() == oldest.basePosition()) {
                forced.put(oldest, open);
                return;
            }
        }
        forced.put(oldest, null);
    }

    /** Reads the offset first: the frontier must not vouch for what is written to the journal after the force. */
    private void force(CommitSegment segment, Set<Path> directories, Map<CommitSegment, FrontierSegment> proofs) throws IOException {
        if (segment.isGone()) {
            return;
        }
        int offset = segment.durableOffset();
        boolean finished = segment.isFinished();
        forceFile(segment, directories);
        if (segment.isForceFailed()) {
            throw new FlushFailedException("a segment could not be forced when it was sealed: file=" + segment.path(), null);
        }
        if (finished) {
            forced.remove(segment);
        } else if (!segment.isGone()) {
            SegmentHeader header = segment.header();
            proofs.put(segment, new FrontierSegment(header.key(), header.basePosition(), header.salt(), offset));
        }
    }

    /** A durable footer replaces the frontier's entry. */
    private void forceFinished(Set<Path> directories) throws IOException {
        for (CommitSegment segment : forced.finished()) {
            forceFile(segment, directories);
            forced.remove(segment);
        }
    }

    private void forceFile(CommitSegment segment, Set<Path> directories) throws IOException {
        if (force.fileOf(segment)) {
            directories.add(force.directoryOf(segment.header().key()));
        }
    }

    private static boolean isAnyInherited(List<OpenJournalFile> files) {
        return files.stream().anyMatch(OpenJournalFile::isInherited);
    }

    /** @return the segments whose files exist */
    private List<FrontierSegment> forceInherited(Set<Path> directories) throws IOException {
        List<FrontierSegment> there = new ArrayList<>();
        for (FrontierSegment segment : inherited.all()) {
            Path file = force.find(segment);
            if (file != null && force.file(file)) {
                there.add(segment);
                directories.add(file.getParent());
            }
            pace();
        }
        return there;
    }

    private void forceDirectories(Set<Path> directories) throws IOException {
        for (Path directory : directories) {
            force.directory(directory, FlushCause.CHECKPOINT);
            pace();
        }
        if (!directories.isEmpty()) {
            force.streams(FlushCause.CHECKPOINT);
        }
    }

    private void pace() {
        CheckpointThread background = thread;
        if (background != null && background.isCurrent() && !running.hasQueuedThreads() && journal.isRoomy()) {
            LockSupport.parkNanos(PACE_NANOS);
        }
    }

    @GuardedBy("running")
    private void writeFrontier() throws IOException {
        forgetCarriedOut();
        FrontierFile.write(root, new Frontier(journal.journalId(), firstSequence, forced.all()));
    }

    /**
     * Ends the checkpoints. A failure is only reported: the frontier on disk is as true as before.
     *
     * @param isWriter false if another writer has the log: then the frontier is that one's, and has freed blocks that this one needs
     */
    void close(boolean isWriter) {
        stopping = true;
        CheckpointThread background = thread;
        if (background != null) {
            background.end();
        }
        running.lock();
        try {
            closed = true;
            journal.close(isWriter);
            if (isWriter && journal.exists()) {
                writeFrontier();
            }
        } catch (IOException e) {
            events.failed("write the journal's frontier", null, e);
        } finally {
            running.unlock();
        }
    }

    /**
     * Forgets segments that are gone for good. Waits for no checkpoint: the caller may hold the lock of a stream, which a checkpoint takes.
     *
     * <p>Why a deletion may be unpinned after this, while a checkpoint runs that has examined a segment before it was cut. That checkpoint saw the
     * file with the deletion pinned when it began, and doesn't free the file; so a reader of the frontier that it writes still finds the deletion in
     * the journal. A checkpoint that begins later, and may free the file, has seen the file unpinned; so the deletion is in the queue by then, and is
     * taken out before the frontier is written, after everything was examined. A position is never given twice: a deletion that is taken out late
     * meets nothing that came after it.
     */
    void forget(Collection<? extends Deletion> deletions) {
        carriedOut.addAll(deletions);
        if (running.tryLock()) {
            try {
                forgetCarriedOut();
            } finally {
                running.unlock();
            }
        }
    }

    @GuardedBy("running")
    private void forgetCarriedOut() {
        for (Deletion deletion = carriedOut.poll(); deletion != null; deletion = carriedOut.poll()) {
            inherited.remove(deletion);
            forced.remove(deletion);
        }
    }
}
