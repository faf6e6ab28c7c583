package dev.streamwal.commit;

import dev.streamwal.reader.WalClosedException;
import dev.streamwal.reader.WalException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Makes what many threads wait for durable at once. Thread-safe. */
public final class GroupCommitter implements SegmentDurability {

    /*
     * Concurrency.
     *
     * There is no queue's lock and no thread that has to be woken: whoever waits may lead. A request is added to `queue`; then its thread
     * tries to become the leader by a compare-and-set on `leading`, or parks. The leader takes all requests there are, copies what they need
     * into one block, writes and flushes it, and answers them; then it gives `leading` up, wakes one of those that came meanwhile, and the
     * answered ones. So alone, a writer waits for one flush and nothing else, and under load batches form by themselves: the requests that
     * come during a flush are the next block.
     *
     * Nobody sleeps through his turn: a request is added before its thread tries `leading`. If that fails, somebody led then, and gives it
     * up later; and then looks at the queue. Both are volatile, so he finds the request, or somebody has taken it. He wakes one thread that
     * waits, or the committer's own where nobody does; that one leads, and looks at the queue in its turn. A thread that is woken for
     * nothing parks again.
     *
     * Everything here that is not volatile is the leader's (`leading` passes it on): `pending`, `round`, the journal's current file, the
     * leader's fields of cursors and segments. The leader takes rotation and segment locks for a moment each; nobody who holds one waits
     * for a commit, so there is no way round in a circle. He never waits for a slot that isn't published: such a request stays for the next
     * round. He answers first and tells afterwards, when he leads no more: what a completion does may commit something itself.
     *
     * Fail-stop. What could not be written or forced is `failure`, for ever: nothing is tried again, and every request from then on is
     * answered with it. `failure` is set before a request of that round is answered.
     */

    /** What a leader with nothing but unpublished slots waits for a look at them: a slot takes well under a microsecond to fill. */
    private static final long UNPUBLISHED_WAIT_NANOS = 20_000;
    /** How long appends wait for a full journal that can't be emptied, because of a full disk say, before they fail. */
    private static final long FULL_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long FULL_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** As long as there is no journal: to force so many streams' files costs less than to make one. */
    private static final int MAX_FORCED_STREAMS = 8;

    private final CommitQueue queue = new CommitQueue();
    private final AtomicBoolean leading = new AtomicBoolean();
    private final CommitJournal journal;
    private final CommitRound round;
    private final JournalCheckpoint checkpoint;
    private final SegmentForce force;
    private final CommitEvents events;
    private final Runnable onFailure;
    private final @Nullable CommitThread thread;
    private final ConcurrentLinkedQueue<CommitCursor> flushWanted = new ConcurrentLinkedQueue<>();

    /** Taken from the queue and not answered yet, in the order they came. */
    private final List<CommitRequest> pending = new ArrayList<>();

    /** Whether the last leader left something in {@link #pending}. */
    private volatile boolean left;

    private volatile @Nullable FlushFailedException failure;
    private volatile @Nullable WalClosedException closed;
    /** The journal has no room, and could not be given any. */
    private volatile boolean starved;

    private final LongAdder flushes = new LongAdder();

    /** For a log without a journal, which is made when it is first needed. */
    public GroupCommitter(CommitSettings settings) {
        SegmentForce force = new SegmentForce(settings.storage(), settings.root(), settings.streams());
        this.journal = new CommitJournal(settings.root(), settings.sizes());
        this.round = new CommitRound(journal, force, flushes);
        this.checkpoint = new JournalCheckpoint(settings, journal, force);
        this.force = force;
        this.events = settings.events();
        this.onFailure = settings.onFailure();
        this.thread = settings.threads() ? new CommitThread(this, settings.flushIntervalNanos()) : null;
    }

    /**
     * For a log with the journal of an earlier writer, which has been carried out. To be called before anything else.
     *
     * @param damaged whether something in it can't be read: then it is given up at once, all of it
     */
    public void inherit(InheritedJournal found, boolean damaged) throws IOException {
        journal.inherit(found);
        checkpoint.inherit(found);
        if (damaged) {
            journal.giveUpCurrent();
            boolean unused = checkpoint.run();
        }
    }

    // ---------------------------------------------------------------- asking

    /**
     * To be called before something is appended that has to be durable: whatever can be refused is refused here, before it has a place.
     *
     * @throws FlushFailedException where the log has failed
     * @throws IOException where the journal can't be made or emptied, because the disk is full say
     */
    public void ready() throws IOException {
        FlushFailedException failed = failure;
        if (failed != null) {
            throw failed;
        }
        if (!journal.exists()) {
            checkpoint.createJournal();
        }
        if (starved) {
            boolean unused = checkpoint.run();
            starved = false;
        }
    }

    /** Returns when the stream is durable up to a position. An interrupt doesn't end the wait, and is kept. */
    public void await(CommitCursor cursor, long end) throws IOException {
        if (!cursor.isDurable(end)) {
            await(CommitRequest.waiting(cursor, end));
        }
    }

    /** As {@link #await(Collection)}; where there is no journal, and a few files do without, none is made. */
    public void sync(Collection<CommitTarget> targets) throws IOException {
        if (targets.size() > MAX_FORCED_STREAMS && !journal.exists()) {
            try {
                checkpoint.createJournal();
            } catch (IOException e) {
                // no room for it: one by one, then
            }
        }
        await(targets);
    }

    /** Returns when all of these are durable: with one flush, if they fit a block. */
    public void await(Collection<CommitTarget> targets) throws IOException {
        List<CommitRequest> requests = new ArrayList<>(targets.size());
        for (CommitTarget target : targets) {
            if (!target.cursor().isDurable(target.end())) {
                CommitRequest request = CommitRequest.waiting(target.cursor(), target.end());
                requests.add(request);
                queue.add(request);
            }
        }
        for (CommitRequest request : requests) {
            awaitAnswer(request);
        }
    }

    /** Deletions that are written down, and that the journal keeps until this is closed. */
    public interface Pinned extends AutoCloseable {
        @Override
        void close();
    }

    /** Returns when deletions are durable: from then on they are carried out, if not by this process then by the next. */
    public Pinned delete(Collection<? extends Deletion> deletions) throws IOException {
        if (deletions.isEmpty()) {
            return () -> {};
        }
        ready();
        List<CommitRequest> requests = new ArrayList<>(deletions.size());
        for (Deletion deletion : deletions) {
            CommitRequest request = CommitRequest.waiting(deletion);
            requests.add(request);
            queue.add(request);
        }
        try {
            for (CommitRequest request : requests) {
                awaitAnswer(request);
            }
        } catch (IOException | RuntimeException e) {
            awaitAll(requests);
            requests.forEach(GroupCommitter::unpin);
            throw e;
        }
        deletions.forEach(checkpoint::forget);
        return () -> requests.forEach(GroupCommitter::unpin);
    }

    /** Whatever the answers are. */
    private void awaitAll(List<CommitRequest> requests) {
        for (CommitRequest request : requests) {
            while (!request.isAnswered()) {
                if (!leadOnce() && !request.isAnswered()) {
                    LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
                }
            }
        }
    }

    private static void unpin(CommitRequest request) {
        OpenJournalFile pinned = request.pinned;
        if (pinned != null) {
            pinned.unpin();
        }
    }

    /**
     * Has a stream made durable up to a position, without waiting, unless there are too many such requests already.
     *
     * @param completion told by the thread that committed, when it leads no more
     */
    public void later(CommitCursor cursor, long end, CommitCompletion completion) {
        boolean reserved = queue.reserveLater();
        CommitRequest request = CommitRequest.later(cursor, end, completion, reserved);
        queue.add(request);
        wakeThread();
        if (!reserved || closed != null) {
            awaitRoom(request);
        }
    }

    /** Back-pressure: whoever is one too many commits until he isn't. */
    private void awaitRoom(CommitRequest request) {
        while (!request.isAnswered()) {
            if (!leadOnce() && !request.isAnswered()) {
                LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
            }
        }
    }

    /** Has a stream made durable when the interval is over. Cheap where that is known already. */
    public void atNextFlush(CommitCursor cursor) {
        if (!cursor.isFlushWanted()) {
            cursor.flushWanted(true);
            flushWanted.add(cursor);
            CommitThread committer = thread;
            if (committer != null) {
                committer.startTimer();
            }
        }
    }

    private void await(CommitRequest request) throws IOException {
        queue.add(request);
        awaitAnswer(request);
    }

    private void awaitAnswer(CommitRequest request) throws IOException {
        boolean interrupted = false;
        while (!request.isAnswered()) {
            if (!leadOnce() && !request.isAnswered()) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        throwIfFailed(request.failure());
    }

    private static void throwIfFailed(@Nullable Throwable problem) throws IOException {
        if (problem instanceof FlushFailedException failed) {
            throw failed;
        }
        if (problem instanceof IOException io) {
            throw new IOException(io.getMessage(), io);
        }
        if (problem instanceof WalException wal) {
            throw wal;
        }
        if (problem != null) {
            throw new IOException("a commit failed", problem);
        }
    }

    // ---------------------------------------------------------------- leading

    /** One round, if nobody else leads. */
    private boolean leadOnce() {
        if (!leading.compareAndSet(false, true)) {
            return false;
        }
        List<CommitRequest> answered = new ArrayList<>();
        Thread successor = null;
        try {
            round(answered);
            successor = waiterIn(pending);
        } finally {
            left = !pending.isEmpty();
            leading.set(false);
            wakeNext(successor);
            tell(answered);
        }
        return true;
    }

    private void wakeNext(@Nullable Thread successor) {
        Thread next = successor != null ? successor : queue.anyWaiter();
        if (next != null) {
            LockSupport.unpark(next);
        } else if (hasWork()) {
            wakeThread();
        }
    }

    private static @Nullable Thread waiterIn(List<CommitRequest> requests) {
        for (CommitRequest request : requests) {
            if (request.waiter() != null) {
                return request.waiter();
            }
        }
        return null;
    }

    private void wakeThread() {
        CommitThread committer = thread;
        if (committer != null) {
            committer.wake();
        }
    }

    private void tell(List<CommitRequest> answered) {
        int later = 0;
        Thread self = Thread.currentThread();
        for (CommitRequest request : answered) {
            later += request.countsAsLater() ? 1 : 0;
            Thread waiter = request.waiter();
            if (waiter != null && waiter != self) {
                LockSupport.unpark(waiter);
            }
        }
        queue.releaseLater(later);
        for (CommitRequest request : answered) {
            request.tell();
        }
    }

    /** Takes what there is, commits what can be, answers what is durable then. */
    private void round(List<CommitRequest> answered) {
        queue.drainTo(pending);
        if (pending.isEmpty()) {
            return;
        }
        Throwable refusal = refusal();
        if (refusal != null) {
            answerAll(refusal, answered);
            return;
        }
        try {
            startRound();
            List<CommitRequest> deleting = gather();
            round.commit();
            answer(deleting, answered);
            if (answered.isEmpty()) {
                LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
            }
        } catch (FlushFailedException e) {
            fail(e);
            answerAll(e, answered);
        } catch (IOException | RuntimeException | Error e) {
            answerAll(e, answered);
        }
        checkpoint.wakeIfNeeded();
    }

    private @Nullable Throwable refusal() {
        return failure != null ? failure : closed;
    }

    private void startRound() throws IOException {
        long deadline = System.nanoTime() + FULL_WAIT_NANOS;
        while (!round.start()) {
            // helps, or waits for whoever is at it: he holds no lock that this thread has
            IOException obstacle = makeRoom();
            if (obstacle != null) {
                starved = true;
                if (thread == null || System.nanoTime() - deadline > 0) {
                    throw new IOException("the commit journal is full and can't be emptied: " + obstacle.getMessage(), obstacle);
                }
                LockSupport.parkNanos(FULL_LOOK_NANOS);
            }
        }
        starved = false;
    }

    /** @return what was in the way; null where there is room now */
    private @Nullable IOException makeRoom() throws FlushFailedException {
        try {
            return checkpoint.run() ? null : new IOException("deletions that it holds are still being carried out");
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            return e;
        }
    }

    /** Adds all that fits, in the order it was asked for. Returns the deletions that are in the block. */
    private List<CommitRequest> gather() throws FlushFailedException {
        List<CommitRequest> deleting = List.of();
        boolean full = false;
        for (int i = 0; i < pending.size(); i++) {
            CommitRequest request = pending.get(i);
            CommitCursor cursor = request.cursor;
            if (cursor != null && request.end > cursor.wantedEnd) {
                cursor.wantedEnd = request.end;
            }
        }
        for (int i = 0; i < pending.size() && !full; i++) {
            CommitRequest request = pending.get(i);
            if (request.deletion != null) {
                request.pinned = round.add(request.deletion);
                full = request.pinned == null;
                if (!full) {
                    deleting = deleting.isEmpty() ? new ArrayList<>() : deleting;
                    deleting.add(request);
                }
            } else if (request.cursor != null && !request.cursor.isDurable(request.end)) {
                full = !gather(request.cursor);
            }
        }
        return deleting;
    }

    private boolean gather(CommitCursor cursor) throws FlushFailedException {
        try {
            return round.add(cursor);
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // of this stream alone: its file can't be read, or all descriptors are in use
            cursor.problem = e;
            return true;
        }
    }

    private void answer(List<CommitRequest> deleted, List<CommitRequest> answered) {
        deleted.forEach(request -> request.answer(null));
        int kept = 0;
        for (int i = 0; i < pending.size(); i++) {
            CommitRequest request = pending.get(i);
            CommitCursor cursor = request.cursor;
            if (cursor != null && cursor.isDurable(request.end)) {
                request.answer(null);
            } else if (cursor != null && cursor.problem != null) {
                request.answer(cursor.problem);
            }
            if (request.isAnswered()) {
                answered.add(request);
            } else {
                pending.set(kept++, request);
            }
        }
        pending.subList(kept, pending.size()).clear();
    }

    private void answerAll(Throwable problem, List<CommitRequest> answered) {
        for (CommitRequest request : pending) {
            if (!request.isAnswered()) {
                request.answer(problem);
            }
            answered.add(request);
        }
        pending.clear();
    }

    // ---------------------------------------------------------------- failing

    /** What was to be durable may not be, and nobody can find out: nothing is acknowledged from now on. The first failure counts. */
    public void fail(FlushFailedException cause) {
        boolean first;
        synchronized (this) {
            first = failure == null;
            if (first) {
                failure = cause;
            }
        }
        if (first) {
            onFailure.run();
            events.failed("commit", null, cause);
        }
    }

    @Override
    public void opened(CommitSegment segment) {
        checkpoint.opened(segment);
    }

    @Override
    public void forceFailed(Path file, IOException cause) {
        fail(new FlushFailedException("a segment could not be forced: file=" + file, cause));
    }

    /** Flushes of the journal, and of files, so far. */
    public long flushes() {
        return flushes.sum() + force.forces();
    }

    public boolean hasFailed() {
        return failure != null;
    }

    // ---------------------------------------------------------------- background

    /** Whether there is something to do that nobody waits for. */
    boolean hasWork() {
        return left || !queue.isEmpty();
    }

    /** Commits what is there. */
    void commitPending() {
        while (hasWork() && leadOnce()) {
            // whoever led meanwhile has looked, or looks, at the queue
        }
    }

    /** The interval is over. */
    void flushInterval() {
        for (CommitCursor cursor = flushWanted.poll(); cursor != null; cursor = flushWanted.poll()) {
            // first: what is appended from now on asks again
            cursor.flushWanted(false);
            queue.add(CommitRequest.later(cursor, cursor.stream().appendedEnd(), null, false));
        }
    }

    boolean isFlushWanted() {
        return !flushWanted.isEmpty();
    }

    /** Does what the threads would do, where there are none. */
    public void runBackground() throws IOException {
        flushInterval();
        commitPending();
        boolean unused = checkpoint.run();
    }

    /**
     * Commits what was asked for, and refuses what comes later.
     *
     * @param clean whether everything that was appended is durable
     */
    public void close(WalClosedException reason, boolean clean) throws IOException {
        CommitThread committer = thread;
        if (committer != null) {
            committer.end();
        }
        flushInterval();
        while (hasWork() || leading.get()) {
            boolean unused = leadOnce();
            Thread.onSpinWait();
        }
        closed = reason;
        boolean unused = leadOnce();
        if (leading.compareAndSet(false, true)) {
            round.close();
            leading.set(false);
        }
        checkpoint.close(clean && failure == null);
    }
}
