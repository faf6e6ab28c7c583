package dev.streamwal.commit;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.KeptRoom;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes records that many threads wait for durable together. Thread-safe. */
public final class GroupCommitter implements SegmentDurability {

    /*
     * Concurrency.
     *
     * There is no lock around the queue, and no thread that has to be woken first: every waiting thread may lead. A thread adds its request
     * to `queue`; then it tries to become the leader by a compare-and-set on `leading`, or parks. The leader takes all requests, copies what
     * they need into one block, writes and flushes it, and answers them. Then it gives `leading` up, wakes one thread whose request came
     * meanwhile, and the threads of the answered requests. So a single writer waits for one flush and nothing else, and under load batches
     * form by themselves: the requests that come during a flush make up the next block. A few threads that append again and again would make up two such
     * blocks in turn: a leader waits a moment for those that it expects (`Gathering`).
     *
     * No wake-up is lost: a thread adds its request before it tries `leading`. If that fails, another thread was leading then; it will give
     * `leading` up and look at the queue afterwards. Both are volatile, so the former leader finds the request, or another thread has taken
     * it. The former leader wakes one waiting thread, or the committer's own thread if none waits; that thread leads, and looks at the queue
     * in turn. A thread that finds nothing to do parks again.
     *
     * A woken thread must lead. So a thread with several requests waits until all are answered, even if one of them fails.
     *
     * All fields that are not volatile belong to the leader (`leading` passes them on): `pending`, `answered`, `round`, the journal's current
     * file, the leader's fields of cursors and segments. The leader takes rotation locks and segment locks for a moment each; a thread that holds one
     * never waits for a commit, so there is no cycle. The leader never waits for an unpublished slot: such a request stays for the next
     * round. It answers requests first, and calls completions after it has given `leading` up. Completions must hand the program's code over
     * to other threads, since appends wait for this one.
     *
     * A long force. If a segment has to be forced, or the sealer is forcing it with the segment's lock, the leader hands the force over to
     * `ForceThread` and goes on: only requests of that stream wait for it. Why that is right:
     *
     *   a stream's later commits     wait for it. While it runs, nothing of the stream is gathered (`CommitCursor.forcing`), and the stream's
     *                                requests are kept with it (`PendingForce.waiting`), neither pending nor answered. So durable records of
     *                                a stream still have all records before them, and no thread leads in vain meanwhile.
     *   what it covers               what was published when it was handed over, which was in the file before the force began.
     *   when it counts               not when it returns, but when a block says so, as for any force: the leader takes it back, gathers the
     *                                stream again, and mentions the segment as forced so far. A checkpoint, a deletion or a cut in between
     *                                finds a segment of which nothing new is durable. The block doesn't mention what was condemned
     *                                meanwhile, and a segment that is gone isn't gathered any more. The first block of a journal that was
     *                                created meanwhile mentions the segment too.
     *   taking it back               the next leader does. The force is handed back before its thread tries to lead, so the argument above
     *                                holds: that thread leads, or another thread was leading, and looks for work (`hasWork`) after it has
     *                                given `leading` up.
     *   it fails                     the log has failed before any request is answered. If only a descriptor was lacking, the requests that
     *                                wait for the force get the exception.
     *   close                        leads on until no force is running; then no request can start another one.
     *
     * An error, such as a shortage of memory, anywhere. No other thread would answer a request that was lost, lead in place of a leader that is gone,
     * or wake a thread that parks. So:
     *
     *   where a request is           always in one list: `queue`, `pending`, `PendingForce.waiting`, or `answered`; or else answered and told.
     *                                It has the link itself, so it goes from one list to another without taking memory.
     *   a round                      may fail anywhere between taking requests and answering them. Then it is given up, and all that are
     *                                `pending` are answered with the error.
     *   giving up `leading`          whatever has failed. What belongs to it (`left`, the successor, waking) takes no memory.
     *   telling, reporting           happens when `leading` is given up, or catches what it throws: no request waits for a report.
     *   a waiting thread             has all that it needs before its first request is in the queue, and leaves only with all answered, since
     *                                another thread may have woken it to lead. Neither waiting nor leading throws.
     *   threads                      don't end by an error (`LazyThread`). If one can't be started, the asking thread does the work: a thread
     *                                that asked `later` leads until it is answered, one that wants the periodic flush waits for a flush of its
     *                                own, and a leader forces the segment itself.
     *
     * Fail-stop. A failed write or force is kept in `failure`, for ever: nothing is tried again, and every later request is answered with it.
     * `failure` is set before any request of that round is answered.
     */

    /** The task's name in reports of a failed continuation, or of a failed executor of the program. */
    public static final String COMPLETE = "complete an append";

    /** The task's name in reports of a journal that can't be made, or emptied. */
    public static final String CHECKPOINT = "checkpoint";

    /** How long a leader with nothing but unpublished slots waits before it looks again: filling a slot takes well under a microsecond. */
    private static final long UNPUBLISHED_WAIT_NANOS = 20_000;
    /** For a thread that parks until it is woken. */
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /** Limit of requests without a waiting thread, counted from the request until its result is {@link #delivered()}. */
    public static final int MAX_UNANSWERED = CommitQueue.MAX_LATER;

    /** While there is no journal: forcing the files of so many streams costs less than creating one. */
    private static final int MAX_FORCED_STREAMS = 8;

    private final CommitQueue queue = new CommitQueue();
    private final Gathering gathering;
    private final AtomicBoolean leading = new AtomicBoolean();
    private final CommitJournal journal;
    private final CommitRound round;
    private final WriterFence fence;
    private final JournalCheckpoint checkpoint;
    private final SegmentForce force;
    private final CommitEvents events;
    private final @Nullable CommitThread thread;
    private final @Nullable ForceThread forces;
    private final PeriodicFlush periodic;
    private final JournalRoom room;

    /** Requests taken from the queue and not answered yet, in the order in which they came. */
    private final Chain<CommitRequest> pending = new Chain<>();

    /** Requests that this round has answered; told when it has ended. */
    private final Chain<CommitRequest> answered = new Chain<>();

    /** Whether the last leader left something in {@link #pending}. */
    private volatile boolean left;

    private volatile @Nullable FlushFailedException failure;
    private volatile @Nullable WalClosedException closed;

    /** The answer if there was no memory for another one. */
    private final IOException givenUp = new IOException("a commit failed, because the program had no memory left;"
            + " free some memory, or allow more (-Xmx), then sync");

    /** Threads in {@link #awaitAnswered}. */
    private final AtomicInteger waiting = new AtomicInteger();

    /** For a log without a journal, which is created when it is first needed. */
    public GroupCommitter(CommitSettings settings) {
        this(settings, new GroupWait());
    }

    GroupCommitter(CommitSettings settings, GroupWait wait) {
        this.gathering = new Gathering(wait);
        SegmentForce force = new SegmentForce(settings.storage(), settings.root(), settings.streams(), settings.events());
        this.fence = settings.fence();
        this.journal = new CommitJournal(settings.root(), settings.sizes(), fence);
        this.forces = settings.threads() ? new ForceThread(this, force) : null;
        this.round = new CommitRound(journal, fence, force, forces, settings.events());
        this.checkpoint = new JournalCheckpoint(settings, journal, force, this);
        this.force = force;
        this.events = settings.events();
        this.thread = settings.threads() ? new CommitThread(this, settings.flushIntervalNanos()) : null;
        this.periodic = new PeriodicFlush(this, thread);
        this.room = new JournalRoom(journal, checkpoint, settings.events(), settings.threads());
    }

    /** Takes over the journal of an earlier writer, which has been redone except for cuts in packs. To be called before all other methods. */
    public void inherit(InheritedJournal found) throws IOException {
        journal.inherit(found);
        checkpoint.inherit(found);
    }

    /**
     * Keeps an earlier writer's journal until the result is closed, because some of what it says is yet to be carried out. To be called before
     * anything is made durable.
     */
    public Deletion.Kept pinInherited() {
        return journal.pinInherited();
    }

    /** Gives up an earlier writer's journal, because a part of it can't be read. To be called before anything is made durable. */
    public void giveUpInherited() throws IOException {
        journal.giveUpCurrent();
        boolean unused = checkpoint.run();
    }

    /** To be called once, before anything is appended; otherwise the journal grows as long as the disk lets it. */
    public void room(KeptRoom kept) {
        journal.room(kept);
    }

    /** Sets how to find the streams that are in use. To be called before anything is deleted. */
    public void streams(Function<StreamKey, @Nullable CommitStream> known) {
        checkpoint.streams(known);
    }

    // ---------------------------------------------------------------- asking

    /**
     * To be called before a durable append: throws what would refuse the record, before it has a place.
     *
     * @throws FlushFailedException if the log has failed
     * @throws IOException if the journal can't be created or emptied, for example since the disk is full
     */
    public void ready() throws IOException {
        throwIfFailed();
        throwIfClosed();
        if (!room.prepare()) {
            // `closed` is set before the journal is closed
            throwIfClosed();
        }
    }

    private void throwIfClosed() {
        WalClosedException reason = closed;
        if (reason != null) {
            throw reason;
        }
    }

    /** @throws FlushFailedException if the log has failed */
    public void throwIfFailed() throws FlushFailedException {
        FlushFailedException failed = failure;
        if (failed != null) {
            throw failed;
        }
    }

    /** Returns when the stream is durable up to a position. An interrupt doesn't end the wait, and is kept. */
    public void await(CommitCursor cursor, long end) throws IOException {
        if (!cursor.isDurable(end)) {
            CommitRequest request = CommitRequest.waiting(cursor, end);
            awaitAnswer(request);
            throwIfFailed(request.failure());
        }
    }

    /**
     * Like {@link #await(Collection)}, but creates no journal if forcing a few files does.
     *
     * @throws FlushFailedException if the log has failed, even if there is nothing to make durable
     */
    public void sync(Collection<CommitTarget> targets) throws IOException {
        throwIfFailed();
        readyFor(targets.size());
        await(targets);
    }

    /**
     * Begins a journal in place of one whose frontier was lost, which keeps the log from being opened without skipping damage. To be called when all streams
     * are recovered: until then, what was deleted isn't known, and a new frontier would say that it is.
     */
    public void replaceLost() throws IOException {
        if (journal.isLost()) {
            boolean unused = checkpoint.createJournal();
        }
    }

    /** To be called before so many streams are made durable, if the appends haven't made sure that the journal has room. */
    public void readyFor(int streams) {
        if (streams > MAX_FORCED_STREAMS && !journal.exists()) {
            try {
                boolean unused = checkpoint.createJournal();
            } catch (IOException | RuntimeException | Error e) {
                // no room for a journal, or no memory: their files are forced one by one
            }
        }
    }

    /** Returns when all of these are durable: with one flush, if they fit a block. Throws a failure after all are answered. */
    @Override
    public void await(Collection<CommitTarget> targets) throws IOException {
        List<CommitRequest> requests = new ArrayList<>(targets.size());
        for (CommitTarget target : targets) {
            if (!target.cursor().isDurable(target.end())) {
                requests.add(CommitRequest.waiting(target.cursor(), target.end()));
            }
        }
        awaitAll(requests);
    }

    /** Returns when deletions are durable: from then on they will be carried out, if not by this process, then by the next. */
    public Deletion.Kept delete(Collection<? extends Deletion> deletions) throws IOException {
        if (deletions.isEmpty()) {
            return () -> {};
        }
        ready();
        List<CommitRequest> requests = new ArrayList<>(deletions.size());
        for (Deletion deletion : deletions) {
            requests.add(CommitRequest.waiting(deletion));
        }
        Deletion.Kept recorded = () -> {
            // first: a checkpoint that sees the file unpinned is to find the deletions
            try {
                forget(deletions);
            } finally {
                unpin(requests);
            }
        };
        try {
            awaitAll(requests);
        } catch (IOException | RuntimeException | Error e) {
            unpin(requests);
            throw e;
        }
        return recorded;
    }

    /** Removes deleted segments from the frontier, whether the deletion was recorded or not. */
    public void forget(Collection<? extends Deletion> deletions) {
        checkpoint.forget(deletions);
    }

    /** Queues requests, and waits for all of them, even after a failure: a leader wakes a request's thread in order to have it lead. */
    private void awaitAll(List<CommitRequest> requests) throws IOException {
        int last = requests.size() - 1;
        for (int i = 0; i <= last; i++) {
            // a leader that waits for this thread goes on when it is counted, and is to find all its requests
            requests.get(i).isCounted = i == last;
            add(requests.get(i));
        }
        for (int i = 0; i <= last; i++) {
            awaitAnswered(requests.get(i), NO_LIMIT);
        }
        for (CommitRequest request : requests) {
            throwIfFailed(request.failure());
        }
    }

    private static void unpin(List<CommitRequest> requests) {
        for (int i = 0; i < requests.size(); i++) {
            OpenJournalFile pinned = requests.get(i).pinned;
            if (pinned != null) {
                pinned.unpin();
            }
        }
    }

    /**
     * Makes a stream durable up to a position, without waiting. The request counts as unanswered until {@link #delivered()} is called for it,
     * once, by the code to which the completion has handed the result.
     *
     * @param completion called by the committing thread once it no longer leads: it hands the result over, and runs no code of the program
     * @return false if {@link #MAX_UNANSWERED} are unanswered: then nothing was requested, and the caller can wait for its record itself
     */
    public boolean later(CommitCursor cursor, long end, CommitCompletion completion) {
        CommitRequest request = CommitRequest.later(cursor, end, completion, true);
        if (!queue.reserveLater()) {
            return false;
        }
        queue.add(request);
        wakeThread();
        if (refusal() != null || (thread != null && !thread.isStarted())) {
            // no thread may be left to answer it, or none could be started
            awaitAnswered(request, UNPUBLISHED_WAIT_NANOS);
        }
        return true;
    }

    /** The result of a request made by {@link #later} has been delivered. */
    public void delivered() {
        queue.releaseLater();
    }

    /**
     * Makes a stream durable when the interval is over. Cheap if that is planned already. If the process can start no thread for it, this call flushes, and
     * the next one tries again to start the thread. To be called without locks.
     */
    public void atNextFlush(CommitCursor cursor) {
        periodic.plan(cursor);
    }

    /** Queues a request, for which no thread waits. */
    void request(CommitRequest request) {
        queue.add(request);
    }

    /** Queues a request, and returns when it is answered. */
    void awaitAnswer(CommitRequest request) {
        request.isCounted = true;
        add(request);
        awaitAnswered(request, NO_LIMIT);
    }

    /** Queues a request of the calling thread. */
    private void add(CommitRequest request) {
        queue.add(request);
        if (request.isCounted) {
            gathering.arrived();
        }
    }

    /**
     * Leads, or parks, until the request is answered. An interrupt is postponed: an interrupted thread would not park.
     *
     * @param lookNanos interval between looks, if no other thread wakes this one
     */
    private void awaitAnswered(CommitRequest request, long lookNanos) {
        boolean interrupted = false;
        waiting.incrementAndGet();
        try {
            while (!request.isAnswered()) {
                interrupted |= Thread.interrupted();
                boolean led = leadOnce();
                if (request.isAnswered() || (led && hasWork())) {
                    continue;
                }
                // another thread leads, or has taken the request, or it waits for a force: the thread that answers it wakes this one
                if (lookNanos == NO_LIMIT) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, lookNanos);
                }
            }
        } finally {
            waiting.decrementAndGet();
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
            throw new IOException("a commit failed: " + problem, problem);
        }
    }

    // ---------------------------------------------------------------- leading

    /**
     * Runs one round, unless another thread leads. A round that its own handlers couldn't end is ended in a {@code finally}, which takes no memory: the
     * type of a handler is looked up when it is first needed.
     */
    @SuppressWarnings({"finally", "Finally"}) // nothing may be thrown to the leader: see above
    private boolean leadOnce() {
        if (!leading.compareAndSet(false, true)) {
            return false;
        }
        boolean ended = false;
        try {
            round();
            ended = true;
        } finally {
            if (!ended) {
                round.abandon();
                answerAll(givenUp);
            }
            Thread successor = CommitRequest.anyWaiter(pending.first());
            left = !pending.isEmpty();
            CommitRequest told = answered.takeAll();
            leading.set(false);
            wakeNext(successor);
            tell(told);
            return true;
        }
    }

    private void wakeNext(@Nullable Thread successor) {
        Thread next = successor != null ? successor : queue.anyWaiter();
        if (next != null) {
            LockSupport.unpark(next);
        } else if (hasWork()) {
            wakeThread();
        }
    }

    private void wakeThread() {
        CommitThread committer = thread;
        if (committer != null) {
            committer.wake();
        }
    }

    /** @param first the others are behind it */
    private void tell(@Nullable CommitRequest first) {
        Thread self = Thread.currentThread();
        for (CommitRequest request = first; request != null; request = request.next) {
            Thread waiter = request.waiter;
            if (waiter != null && !waiter.equals(self)) {
                LockSupport.unpark(waiter);
            }
        }
        for (CommitRequest request = first; request != null; request = request.next) {
            try {
                request.tell();
            } catch (RuntimeException | Error e) {
                // a completion's own failure, which concerns neither the former leader nor the next completion
                if (request.countsAsLater) {
                    delivered();
                }
                tellFailure(COMPLETE, e);
            }
        }
    }

    /** Takes all requests, commits what it can, and answers the requests that are durable then. */
    private void round() {
        queue.drainTo(pending);
        takeForced();
        if (pending.isEmpty()) {
            return;
        }
        Throwable refusal = refusal();
        if (refusal != null) {
            answerAll(refusal);
            return;
        }
        try {
            gathering.await();
            queue.drainTo(pending);
            // if another process has opened the log, the journal's files are that process's
            fence.check();
            room.start(round);
            gather();
            long begin = System.nanoTime();
            round.commit();
            gathering.flushed(System.nanoTime() - begin);
            answer();
            if (answered.isEmpty() && !pending.isEmpty()) {
                LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
            }
        } catch (FlushFailedException e) {
            fail(e);
            answerAll(e);
        } catch (IOException | RuntimeException | Error e) {
            round.abandon();
            answerAll(e);
        }
        wakeCheckpoint();
    }

    private void wakeCheckpoint() {
        try {
            checkpoint.wakeIfNeeded();
        } catch (RuntimeException | Error e) {
            // the next round wakes it; a leader that finds the journal full runs it itself
        }
    }

    /** Requests that waited for a finished force become pending again, or are answered with the force's failure. */
    private void takeForced() {
        ForceThread helper = forces;
        for (PendingForce done = helper == null ? null : helper.takeDone(); done != null; done = done.next) {
            CommitRound.handedBack(done);
            Throwable problem = done.failure;
            if (problem == null) {
                pending.addAll(done.waiting.takeAll());
            } else {
                answerAll(done.waiting, problem);
            }
        }
    }

    /** The answer to all requests from now on; null if there is none yet. */
    @Nullable Throwable refusal() {
        return failure != null ? failure : closed;
    }

    /** Adds all that fits, in the order of the requests. */
    private void gather() throws FlushFailedException {
        for (CommitRequest request = pending.first(); request != null; request = request.next) {
            CommitCursor cursor = request.cursor;
            if (cursor != null && request.end > cursor.wantedEnd) {
                cursor.wantedEnd = request.end;
            }
        }
        boolean full = false;
        for (CommitRequest request = pending.first(); request != null && !full; request = request.next) {
            if (request.deletion != null) {
                request.pinned = round.add(request.deletion, checkpoint.streamOf(request.deletion.key()));
                full = request.pinned == null;
            } else if (request.cursor != null && request.cursor.forcing == null && !request.cursor.isDurable(request.end)) {
                full = !gather(request.cursor);
            }
        }
    }

    private boolean gather(CommitCursor cursor) throws FlushFailedException {
        try {
            return round.add(cursor);
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException | RuntimeException | InternalError e) {
            // concerns this stream only: its file can't be read, also through its mapping, or all descriptors are in use
            cursor.problem = e;
            return true;
        }
    }

    private void answer() {
        CommitRequest last = pending.last();
        CommitRequest request;
        do {
            request = pending.poll();
            if (request != null) {
                answer(request);
            }
        } while (request != null && !request.equals(last));
    }

    private void answer(CommitRequest request) {
        CommitCursor cursor = request.cursor;
        if (request.pinned != null || (cursor != null && cursor.isDurable(request.end))) {
            answer(request, null);
        } else if (cursor != null && round.hasGathered(cursor) && cursor.problem != null) {
            answer(request, cursor.problem);
        } else if (cursor != null && cursor.forcing != null) {
            cursor.forcing.waiting.add(request);
        } else {
            // behind those that were pending, in the same order
            pending.add(request);
        }
    }

    private void answerAll(Throwable problem) {
        answerAll(pending, problem);
    }

    private void answerAll(Chain<CommitRequest> requests, Throwable problem) {
        for (CommitRequest request = requests.poll(); request != null; request = requests.poll()) {
            answer(request, problem);
        }
    }

    private void answer(CommitRequest request, @Nullable Throwable problem) {
        if (request.isCounted) {
            gathering.answered();
        }
        request.answer(problem);
        answered.add(request);
    }

    // ---------------------------------------------------------------- failing

    /** Records that a write may not be durable, which can't be found out any more: nothing is acknowledged from now on. The first failure counts. */
    public void fail(FlushFailedException cause) {
        boolean first;
        synchronized (this) {
            first = failure == null;
            if (first) {
                failure = cause;
            }
        }
        if (first) {
            tellFailure("commit", cause);
        }
    }

    /** Another process has become the log's writer: as after a failure, nothing is acknowledged any more. */
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

    /** How many threads wait now, and how many results of {@link #later} weren't delivered. */
    public long waiters() {
        return (long) waiting.get() + queue.later();
    }

    /**
     * Makes the journal forget what it has: forces the segments that it mentions, and overwrites its files with zeros. To be called while nothing is
     * deleted. What is committed meanwhile stays.
     *
     * @throws IOException if a file is still needed
     */
    public void scrub() throws IOException {
        throwIfFailed();
        throwIfClosed();
        fence.check();
        while (!checkpoint.isScrubbed(() -> leading.compareAndSet(false, true), this::stopLeading)) {
            LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
        }
    }

    /** Gives {@code leading} up without a round: requests that came meanwhile have found a leader. */
    private void stopLeading() {
        Thread successor = CommitRequest.anyWaiter(pending.first());
        leading.set(false);
        wakeNext(successor);
    }

    /** Size of the journal's files. */
    public long journalBytes() {
        return journal.totalBytes();
    }

    public boolean hasFailed() {
        return failure != null;
    }

    // ---------------------------------------------------------------- background

    /** Whether there is work that no thread waits for. */
    boolean hasWork() {
        return left || !queue.isEmpty() || (forces != null && forces.hasDone());
    }

    /** Whether a thread leads. */
    boolean isLed() {
        return leading.get();
    }

    void commitPending() {
        while (hasWork() && leadOnce()) {
            // if another thread leads, it examines the queue afterwards
        }
    }

    /** Called when the interval is over. */
    void flushInterval() {
        periodic.flush();
    }

    void tellSuccess(String task) {
        events.succeeded(task);
    }

    /** Returns whatever becomes of the report. */
    void tellFailure(String task, Throwable problem) {
        try {
            events.failed(task, null, problem);
        } catch (RuntimeException | Error e) {
            // the receiver of events keeps what it can't record; requests don't wait for it
        }
    }

    /** Does the threads' work, for a log without threads. */
    public void runBackground() throws IOException {
        flushInterval();
        commitPending();
        checkpoint.runInBackground();
    }

    /** Commits what was requested before, and refuses later requests. */
    public void close(WalClosedException reason) {
        CommitThread committer = thread;
        if (committer != null) {
            committer.end();
        }
        flushInterval();
        refuseFromNowOn(reason);
        // a later request finds the committer closed, and its thread leads itself to get an answer
        leadWhileThereIsWork();
        while (!leading.compareAndSet(false, true)) {
            LockSupport.parkNanos(UNPUBLISHED_WAIT_NANOS);
        }
        try {
            round.close();
        } finally {
            leading.set(false);
        }
        leadWhileThereIsWork();
        if (forces != null) {
            forces.end();
        }
        checkpoint.close(!fence.isLostNow());
    }

    /**
     * Requests that wait for a force came before the close, and are committed. While a leader takes a force back, they are in no list that
     * another thread sees. So only a leader checks for them and closes.
     */
    private void refuseFromNowOn(WalClosedException reason) {
        while (closed == null) {
            leadWhileThereIsWork();
            if (leading.compareAndSet(false, true)) {
                // takes no memory
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
