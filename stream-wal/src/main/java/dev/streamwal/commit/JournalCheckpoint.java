package dev.streamwal.commit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.journal.JournalBlockLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes files of the journal free again: has forced what they speak of, segments and the names of segments, says so in the frontier, and
 * only then gives them back. By its own thread, paced, or by a leader who finds no file free. Thread-safe.
 *
 * <p>Why nothing is lost: a segment's bytes are in its file before they are in a block, so forcing the file after the block was written
 * covers them. What the frontier says is true when it is written, and the files are used again after it is durable. A crash in between
 * leaves the old frontier, and with it the whole journal.
 */
final class JournalCheckpoint {

    /** Between two forces, while there is room enough: the disk is somebody else's too. */
    private static final long PACE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** Of whose deletions the directories are forced before the streams are looked at. */
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

    /** What blocks of an earlier writer speak of; forced with the first file of his. */
    private final ForcedSegments inherited = new ForcedSegments();

    @GuardedBy("running")
    private long firstSequence = JournalBlockLayout.FIRST_SEQUENCE;

    /** Streams of which the blocks of an earlier writer say that something is deleted; it has been done when the log was opened. */
    @GuardedBy("running")
    private final Set<StreamKey> inheritedDeletions = new LinkedHashSet<>();

    @GuardedBy("running")
    private boolean closed;

    /** A checkpoint under way is given up. */
    private volatile boolean stopping;

    /** Set once, before anything is deleted. */
    private volatile Function<StreamKey, @Nullable CommitStream> streams = key -> null;

    /** @param committer is told of a force that failed, whoever runs the checkpoint */
    JournalCheckpoint(CommitSettings settings, CommitJournal journal, SegmentForce force, GroupCommitter committer) {
        this.committer = committer;
        this.events = settings.events();
        this.root = settings.root();
        this.journal = journal;
        this.force = force;
        this.ids = settings.ids();
        this.thread = settings.threads() ? new CheckpointThread(this, settings.events()) : null;
    }

    /** Null where nobody uses the stream. */
    @Nullable CommitStream streamOf(StreamKey key) {
        return streams.apply(key);
    }

    /** Who knows the streams that are in use. */
    void streams(Function<StreamKey, @Nullable CommitStream> known) {
        streams = known;
    }

    /** @return false where there is none, because the log was closed meanwhile */
    boolean createJournal() throws IOException {
        return journal.create(ids.getAsLong());
    }

    /** Takes over what an earlier writer left. */
    void inherit(InheritedJournal found) throws IOException {
        running.lock();
        try {
            inherited.addAll(found.durable().segments());
            inheritedDeletions.addAll(found.durable().deletedFrom());
            firstSequence = found.frontier().firstSequence();
            forced.addAll(known(found));
            writeFrontier(false);
        } finally {
            running.unlock();
        }
    }

    /** What the frontier says, but for what the journal has deleted or cut since: it may be the last time that it says so. */
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

    /** A segment that was there already has been opened. */
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
     * Frees the files that are full now, up to one with deletions that are being carried out.
     *
     * @return whether there was any, or somebody else has just looked
     * @throws FlushFailedException where something could not be forced; then the log has failed
     */
    boolean run() throws IOException {
        boolean waited = !running.tryLock();
        if (waited) {
            running.lock();
        }
        try {
            return freeFull() || waited;
        } finally {
            running.unlock();
        }
    }

    /** What the thread does, by whoever calls; where there is no space for the next file, whoever appends next is told. */
    void runInBackground() throws IOException {
        boolean unused = run();
        try {
            reserve();
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            // as said
        }
    }

    /**
     * Sees to it that the journal can go on, while there is room in its current file for what has been promised a place.
     *
     * @throws IOException where there is no space for a file, and none can be freed
     */
    void reserve() throws IOException {
        // without waiting for a checkpoint under way, which takes as long as there are segments to force
        IOException obstacle = journal.isScarce() ? addFile() : null;
        if (!journal.isScarce()) {
            return;
        }
        running.lock();
        try {
            if (!closed && journal.isScarce() && !freeFull() && obstacle != null) {
                throw obstacle;
            }
        } finally {
            running.unlock();
        }
    }

    /** @return what was in the way; null where it is nothing that whoever appends should be told: deletions under way, say */
    private @Nullable IOException addFile() {
        try {
            boolean unused = journal.addFile();
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    @GuardedBy("running")
    private boolean freeFull() throws IOException {
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
        try {
            if (!forceAll(files)) {
                return false;
            }
        } catch (FlushFailedException e) {
            committer.fail(e);
            throw e;
        }
        // whoever failed may have been told what a force here was not
        committer.throwIfFailed();
        for (OpenJournalFile file : files) {
            // one that no block was written to says nothing, or what was true when it was used before
            firstSequence = Math.max(firstSequence, file.lastSequence() + 1);
        }
        writeFrontier(false);
        if (isAnyInherited(files)) {
            // only now: had anything failed, it would be done again, all of it
            inherited.clear();
            inheritedDeletions.clear();
        }
        journal.free(files);
        return true;
    }

    /** @return false where the log is being closed: the next writer does it */
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
        // only now the names are durable that the frontier speaks for
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
     * Makes durable that what was deleted is gone, and what the streams begin with since. Some streams at a time, so that it takes no memory
     * for each: what is settled of one is true whatever becomes of the others, and one that comes again is settled again.
     *
     * @param directories that were forced since these deletions were carried out, the names that lead to them too
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
     * That a stream begins with the segment it has now, because what preceded it was deleted and not lost, is what the journal won't say any
     * more: a footer says it, made durable here, or else the frontier.
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

    /** Its offset first: what is written to the journal after the force is not for the frontier to promise. */
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

    /** A footer takes the place of a frontier's entry once it is durable. */
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

    /** @return those that were there */
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
            force.directory(directory);
            pace();
        }
        if (!directories.isEmpty()) {
            force.streams();
        }
    }

    private void pace() {
        CheckpointThread background = thread;
        if (background != null && background.isCurrent() && !running.hasQueuedThreads() && journal.isRoomy()) {
            LockSupport.parkNanos(PACE_NANOS);
        }
    }

    @GuardedBy("running")
    private void writeFrontier(boolean clean) throws IOException {
        FrontierFile.write(root, new Frontier(journal.journalId(), firstSequence, clean, forced.all()));
    }

    /**
     * Nothing more is done. What fails is told: the frontier that is there is as true as before.
     *
     * @param clean whether everything that was appended is durable
     */
    void close(boolean clean) {
        stopping = true;
        CheckpointThread background = thread;
        if (background != null) {
            background.end();
        }
        running.lock();
        try {
            closed = true;
            journal.close();
            if (journal.exists()) {
                writeFrontier(clean);
            }
        } catch (IOException e) {
            events.failed("write the journal's frontier", null, e);
        } finally {
            running.unlock();
        }
    }

    /** Segments that are gone for good. */
    void forget(Collection<? extends Deletion> deletions) {
        // with no checkpoint under way, which may have looked at a segment before it was cut
        running.lock();
        try {
            deletions.forEach(inherited::remove);
            deletions.forEach(forced::remove);
        } finally {
            running.unlock();
        }
    }
}
