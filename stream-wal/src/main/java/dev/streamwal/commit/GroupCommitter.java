package dev.streamwal.commit;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
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
     * What is woken must lead: so whoever has asked for several things waits until all are answered, even where one of them fails.
     *
     * Everything here that is not volatile is the leader's (`leading` passes it on): `pending`, `round`, the journal's current file, the
     * leader's fields of cursors and segments. The leader takes rotation and segment locks for a moment each; nobody who holds one waits
     * for a commit, so there is no way round in a circle. He never waits for a slot that isn't published: such a request stays for the next
     * round. He answers first and tells afterwards, when he leads no more. Completions hand over what is a program's: others wait for him.
     *
     * A long force. Where a segment has to be forced, or is just being forced by the sealer with the segment's lock, the leader hands that over
     * to `ForceThread` and goes on: nobody waits for a force but those of its stream. Why that is right:
     *
     *   a stream's later commits     wait for it: as long as it is under way nothing of the stream is gathered (`CommitCursor.forcing`), and
     *                                its requests are kept with it (`PendingForce.waiting`), neither pending nor answered. So what is
     *                                durable of a stream still has all before it, and nobody leads in vain meanwhile.
     *   what it covers               what was published when it was handed over, which was in the file before the force began.
     *   when it counts               not when it returns, but when a block says so, as for any force: the leader takes it back, gathers the
     *                                stream again, and mentions the segment as forced so far. A checkpoint, a deletion or a cut in between
     *                                finds a segment of which nothing new is durable; what was condemned meanwhile the block doesn't mention,
     *                                and a segment that is gone isn't gathered any more. The first block of a journal that was made meanwhile
     *                                speaks of it too.
     *   who takes it back            whoever leads next. It is handed back before its thread tries to lead, so the argument above holds: that
     *                                thread leads, or somebody did, who looks for work (`hasWork`) when he has given `leading` up.
     *   it fails                     the log has failed before anybody is answered. For want of a descriptor: those who wait for it are told.
     *   close                        leads on until none is under way; then nobody can ask for another one.
     *
     * Fail-stop. What could not be written or forced is `failure`, for ever: nothing is tried again, and every request from then on is
     * answered with it. `failure` is set before a request of that round is answered.
     */

    /** As it is told where what a program hung on an append, or its executor, fails. */
    public static final String COMPLETE = "complete an append";

    /** What a leader with nothing but unpublished slots waits for a look at them: a slot takes well under a microsecond to fill. */
    private static final long UNPUBLISHED_WAIT_NANOS = 20_000;
    /** How long appends wait for a full journal that can't be emptied, because of a full disk say, before they fail. */
    private static final long FULL_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long FULL_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Whoever parks is woken. */
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /** Requests that nobody waits for, from when they are asked until their answers are {@link #delivered()}. */
    public static final int MAX_UNANSWERED = CommitQueue.MAX_LATER;

    /** As long as there is no journal: to force so many streams' files costs less than to make one. */
    private static final int MAX_FORCED_STREAMS = 8;

    private final CommitQueue queue = new CommitQueue();
    private final AtomicBoolean leading = new AtomicBoolean();
    private final CommitJournal journal;
    private final CommitRound round;
    private WriterFence fence = WriterFence.NONE;
    private final JournalCheckpoint checkpoint;
    private final SegmentForce force;
    private final CommitEvents events;
    private final @Nullable CommitThread thread;
    private final @Nullable ForceThread forces;
    private final ConcurrentLinkedQueue<CommitCursor> flushWanted = new ConcurrentLinkedQueue<>();

    /** Which could not be flushed when their interval was over, and have not been since. */
    private final Set<CommitCursor> unflushed = ConcurrentHashMap.newKeySet();

    /** Taken from the queue and not answered yet, in the order they came. */
    private final List<CommitRequest> pending = new ArrayList<>();

    /** Whether the last leader left something in {@link #pending}. */
    private volatile boolean left;

    private volatile @Nullable FlushFailedException failure;
    private volatile @Nullable WalClosedException closed;

    private final LongAdder flushes = new LongAdder();

    /** For a log without a journal, which is made when it is first needed. */
    public GroupCommitter(CommitSettings settings) {
        SegmentForce force = new SegmentForce(settings.storage(), settings.root(), settings.streams());
        this.journal = new CommitJournal(settings.root(), settings.sizes());
        this.forces = settings.threads() ? new ForceThread(this, force) : null;
        this.round = new CommitRound(journal, force, forces, flushes);
        this.checkpoint = new JournalCheckpoint(settings, journal, force, this);
        this.force = force;
        this.events = settings.events();
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

    /** To be called before anything else: without, nobody else can write the log. */
    public void fence(WriterFence newFence) {
        fence = newFence;
        round.fence(newFence);
    }

    /** To be called before anything is deleted: who knows the streams that are in use. */
    public void streams(Function<StreamKey, @Nullable CommitStream> known) {
        checkpoint.streams(known);
    }

    // ---------------------------------------------------------------- asking

    /**
     * To be called before something is appended that has to be durable: whatever can be refused is refused here, before it has a place.
     *
     * @throws FlushFailedException where the log has failed
     * @throws IOException where the journal can't be made or emptied, because the disk is full say
     */
    public void ready() throws IOException {
        throwIfFailed();
        throwIfClosed();
        if (!journal.exists()) {
            if (!checkpoint.createJournal()) {
                // `closed` is set before the journal is closed
                throwIfClosed();
            }
        } else if (journal.isScarce()) {
            checkpoint.reserve();
        }
    }

    private void throwIfClosed() {
        WalClosedException reason = closed;
        if (reason != null) {
            throw reason;
        }
    }

    /** @throws FlushFailedException where the log has failed */
    public void throwIfFailed() throws FlushFailedException {
        FlushFailedException failed = failure;
        if (failed != null) {
            throw failed;
        }
    }

    /** Returns when the stream is durable up to a position. An interrupt doesn't end the wait, and is kept. */
    public void await(CommitCursor cursor, long end) throws IOException {
        if (!cursor.isDurable(end)) {
            await(CommitRequest.waiting(cursor, end));
        }
    }

    /**
     * As {@link #await(Collection)}; where there is no journal, and a few files do without, none is made.
     *
     * @throws FlushFailedException where the log has failed, whether there is anything to be made durable or not
     */
    public void sync(Collection<CommitTarget> targets) throws IOException {
        throwIfFailed();
        readyFor(targets.size());
        await(targets);
    }

    /** To be called before so many streams are made durable that were appended to without asking whether there is room for the journal. */
    public void readyFor(int streams) {
        if (streams > MAX_FORCED_STREAMS && !journal.exists()) {
            try {
                boolean unused = checkpoint.createJournal();
            } catch (IOException e) {
                // no room for it: one by one, then
            }
        }
    }

    /** Returns when all of these are durable: with one flush, if they fit a block. What fails is thrown when all are answered. */
    @Override
    public void await(Collection<CommitTarget> targets) throws IOException {
        List<CommitRequest> requests = new ArrayList<>(targets.size());
        for (CommitTarget target : targets) {
            if (!target.cursor().isDurable(target.end())) {
                CommitRequest request = CommitRequest.waiting(target.cursor(), target.end());
                requests.add(request);
                queue.add(request);
            }
        }
        awaitAll(requests);
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
            awaitAll(requests);
        } catch (IOException | RuntimeException e) {
            requests.forEach(GroupCommitter::unpin);
            throw e;
        }
        return () -> {
            // only now: a checkpoint may have looked at a segment before it was cut
            forget(deletions);
            requests.forEach(GroupCommitter::unpin);
        };
    }

    /** What is deleted is not for the frontier to name, whether the deletion was written down or not. */
    public void forget(Collection<? extends Deletion> deletions) {
        checkpoint.forget(deletions);
    }

    /** Every one of them, whatever becomes of the others: a leader takes whoever asked for one that is woken, and leads. */
    private void awaitAll(List<CommitRequest> requests) throws IOException {
        for (CommitRequest request : requests) {
            awaitAnswered(request, NO_LIMIT);
        }
        for (CommitRequest request : requests) {
            throwIfFailed(request.failure());
        }
    }

    private static void unpin(CommitRequest request) {
        OpenJournalFile pinned = request.pinned;
        if (pinned != null) {
            pinned.unpin();
        }
    }

    /**
     * Has a stream made durable up to a position, without waiting. It counts as unanswered until {@link #delivered()} is called, once, by
     * whoever the completion has handed the answer to.
     *
     * @param completion told by the thread that committed, when it leads no more: it hands over, and runs nobody's code
     * @return false where {@link #MAX_UNANSWERED} are unanswered: then nothing was asked, and the caller can wait like others
     */
    public boolean later(CommitCursor cursor, long end, CommitCompletion completion) {
        if (!queue.reserveLater()) {
            return false;
        }
        CommitRequest request = CommitRequest.later(cursor, end, completion, true);
        queue.add(request);
        wakeThread();
        if (refusal() != null) {
            // no thread may be left to do it: what is refused is refused at once
            awaitAnswered(request, UNPUBLISHED_WAIT_NANOS);
        }
        return true;
    }

    /** The answer to one that was asked {@link #later} has been given to whoever it was for. */
    public void delivered() {
        queue.releaseLater(1);
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
        awaitAnswered(request, NO_LIMIT);
        throwIfFailed(request.failure());
    }

    /**
     * Leads, or parks, until the request is answered. An interrupt is put off: with it, nothing would park.
     *
     * @param lookNanos how often to look where nobody wakes this thread
     */
    private void awaitAnswered(CommitRequest request, long lookNanos) {
        boolean interrupted = false;
        try {
            while (!request.isAnswered()) {
                interrupted |= Thread.interrupted();
                boolean led = leadOnce();
                if (request.isAnswered() || (led && hasWork())) {
                    continue;
                }
                // somebody else leads, or has taken it, or it waits for a force: whoever answers it wakes this thread
                if (lookNanos == NO_LIMIT) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, lookNanos);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
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
        try {
            round(answered);
        } finally {
            Thread successor = waiterIn(pending);
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
        Thread self = Thread.currentThread();
        for (CommitRequest request : answered) {
            Thread waiter = request.waiter();
            if (waiter != null && !waiter.equals(self)) {
                LockSupport.unpark(waiter);
            }
        }
        for (CommitRequest request : answered) {
            try {
                request.tell();
            } catch (RuntimeException | Error e) {
                // of somebody else's making, and nothing to do with whoever leads here, or is told next
                if (request.countsAsLater()) {
                    delivered();
                }
                tellFailure(COMPLETE, e);
            }
        }
    }

    /** Takes what there is, commits what can be, answers what is durable then. */
    private void round(List<CommitRequest> answered) {
        queue.drainTo(pending);
        takeForced(answered);
        if (pending.isEmpty()) {
            return;
        }
        Throwable refusal = refusal();
        if (refusal != null) {
            answerAll(refusal, answered);
            return;
        }
        try {
            // the journal's files are another's, where somebody else has opened the log
            fence.check();
            startRound();
            List<CommitRequest> deleting = gather();
            round.commit();
            answer(deleting, answered);
            if (answered.isEmpty() && !pending.isEmpty()) {
                LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
            }
        } catch (FlushFailedException e) {
            fail(e);
            answerAll(e, answered);
        } catch (IOException | RuntimeException | Error e) {
            round.abandon();
            answerAll(e, answered);
        }
        checkpoint.wakeIfNeeded();
    }

    /** Those who waited for a force that is done have their turn again, or are told why it couldn't be. */
    private void takeForced(List<CommitRequest> answered) {
        ForceThread helper = forces;
        if (helper == null) {
            return;
        }
        for (PendingForce done = helper.takeDone(); done != null; done = helper.takeDone()) {
            CommitRound.handedBack(done);
            Throwable problem = done.failure;
            if (problem == null) {
                pending.addAll(done.waiting);
            } else {
                done.waiting.forEach(request -> request.answer(problem));
                answered.addAll(done.waiting);
            }
        }
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
                if (thread == null || System.nanoTime() - deadline > 0) {
                    throw new IOException("the commit journal is full and can't be emptied: " + obstacle.getMessage(), obstacle);
                }
                LockSupport.parkNanos(FULL_LOOK_NANOS);
            }
        }
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
                request.pinned = round.add(request.deletion, checkpoint.streamOf(request.deletion.key()));
                full = request.pinned == null;
                if (!full) {
                    deleting = deleting.isEmpty() ? new ArrayList<>() : deleting;
                    deleting.add(request);
                }
            } else if (request.cursor != null && request.cursor.forcing == null && !request.cursor.isDurable(request.end)) {
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
            } else if (cursor != null && round.hasGathered(cursor) && cursor.problem != null) {
                request.answer(cursor.problem);
            }
            if (request.isAnswered()) {
                answered.add(request);
            } else if (cursor != null && cursor.forcing != null) {
                cursor.forcing.waiting.add(request);
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
            events.failed("commit", null, cause);
        }
    }

    /** The log is somebody else's: as after a failure, nothing is acknowledged any more. */
    public void lost(WalException why) {
        fail(new FlushFailedException("the right to write the log was lost", why));
    }

    @Override
    public void opened(CommitSegment segment) {
        checkpoint.opened(segment);
    }

    @Override
    public void forceFailed(Path file, IOException cause) {
        fail(new FlushFailedException("a segment could not be forced: file=" + file, cause));
    }

    @Override
    public void checkForced() throws FlushFailedException {
        force.check();
        throwIfFailed();
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
        return left || !queue.isEmpty() || (forces != null && forces.hasDone());
    }

    /** Commits what is there. */
    void commitPending() {
        while (hasWork() && leadOnce()) {
            // whoever led meanwhile has looked, or looks, at the queue
        }
    }

    /** The interval is over. */
    void flushInterval() {
        List<CommitCursor> wanted = new ArrayList<>();
        for (CommitCursor cursor = flushWanted.poll(); cursor != null; cursor = flushWanted.poll()) {
            wanted.add(cursor);
        }
        readyFor(wanted.size());
        for (CommitCursor cursor : wanted) {
            // first: what is appended from now on asks again
            cursor.flushWanted(false);
            try {
                queue.add(CommitRequest.later(cursor, cursor.stream().appendedEnd(), problem -> flushed(cursor, problem), false));
            } catch (RuntimeException e) {
                flushed(cursor, e);
            }
        }
    }

    /** What could not be flushed, for want of a descriptor or of space say, is tried again after the next interval. */
    private void flushed(CommitCursor cursor, @Nullable Throwable problem) {
        if (problem == null) {
            if (!unflushed.isEmpty() && unflushed.remove(cursor) && unflushed.isEmpty()) {
                tellSuccess("flush");
            }
        } else if (failure == null && closed == null) {
            unflushed.add(cursor);
            tellFailure("flush", problem);
            atNextFlush(cursor);
        }
    }

    void tellSuccess(String task) {
        events.succeeded(task);
    }

    void tellFailure(String task, Throwable problem) {
        events.failed(task, null, problem);
    }

    /** Does what the threads would do, where there are none. */
    public void runBackground() throws IOException {
        flushInterval();
        commitPending();
        checkpoint.runInBackground();
    }

    /**
     * Commits what was asked for, and refuses what comes later.
     *
     * @param clean whether everything that was appended is durable
     */
    public void close(WalClosedException reason, boolean clean) {
        CommitThread committer = thread;
        if (committer != null) {
            committer.end();
        }
        flushInterval();
        refuseFromNowOn(reason);
        // whoever asks from now on finds it closed, and sees to it himself that he is answered
        leadWhileThereIsWork();
        while (!leading.compareAndSet(false, true)) {
            LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
        }
        round.close();
        leading.set(false);
        leadWhileThereIsWork();
        if (forces != null) {
            forces.end();
        }
        checkpoint.close(clean && failure == null);
    }

    /**
     * What waits for a force was asked for before, and is committed; and it is nowhere to be seen while somebody who leads has taken it back. So
     * it is looked for, and the log closed, by who leads.
     */
    private void refuseFromNowOn(WalClosedException reason) {
        while (closed == null) {
            leadWhileThereIsWork();
            if (leading.compareAndSet(false, true)) {
                if (!left && !isForcing() && (forces == null || !forces.hasDone())) {
                    closed = reason;
                }
                leading.set(false);
            } else {
                LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
            }
        }
    }

    private boolean isForcing() {
        return forces != null && forces.isUnderWay();
    }

    private void leadWhileThereIsWork() {
        while (hasWork() || isForcing()) {
            if (!hasWork() || !leadOnce()) {
                LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
            }
        }
    }
}
