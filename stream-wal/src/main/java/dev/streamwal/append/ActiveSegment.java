package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.commit.CommitSegment;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.IoFailure;
import dev.streamwal.recovery.RecoveredTail;
import dev.streamwal.storage.SegmentCopy;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A segment that is, or just was, appended to.
 *
 * <p>It is <i>mapped</i> from its creation until it is sealed, and appended to without locks; or, where the storage has no mappings, written <i>by
 * position</i>, under its lock. One that an earlier writer has left is sealed, and never appended to.
 */
final class ActiveSegment extends CommitSegment {

    /*
     * Concurrency.
     *
     * Mapped. An append takes its place by a compare-and-set on the tail's word, fills the slot, and publishes it by storing the commit word with
     * release, which is its last touch of the mapping. The mapping is there before the segment is shared, and is never another one. Whoever
     * unmaps sets SEALED first, and then waits until every record up to the tail in that word is published. A compare-and-set that came before
     * SEALED reserved a slot below that tail, so its thread is waited for; one that comes later fails, and its thread touches nothing. So
     * nothing is unmapped between a compare-and-set and its publication, and the path of an append needs no fence, count or lock for it. The
     * other thing that an append looks at before its compare-and-set is `limit`, which never shrinks.
     *
     * Who waits and finds a slot unpublished after PUBLISH_WAIT_NANOS doesn't unmap: the sealer comes again; close, delete and cut leave the
     * mapping to the process.
     *
     * By position. The word changes under the lock only: the whole write first, then the word. So what the word says is in the file. A write
     * that fails seals the segment, since another process may have read what is in the file of it.
     *
     * Under the lock: everything that touches the file, prepares space, walks what is published, seals, unmaps; an append by position. The
     * exception is a thread that can neither publish its slot nor give it up, which seals without the lock: it only sets a bit that stays. Waits
     * under the lock are bounded by PUBLISH_WAIT_NANOS. No lock is taken between a compare-and-set and its publication.
     */

    /** Appends that find this say what the append came to; positions are not negative. */
    static final long SEALED = -1;
    static final long FULL = -2;
    static final long MISMATCH = -3;

    /** For {@code expectedEnd}: append wherever the end is. */
    static final long ANY_END = -1;

    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;
    /** A slot takes well under a microsecond to fill; a thread may be descheduled in it, or stopped by a debugger. */
    private static final long PUBLISH_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** The header's mark is raised each time the tail went this far, so that a reader finds the end by walking no further. */
    private static final int MARK_STRIDE_BYTES = 64 << 10;

    private final LogContext log;
    private final StreamLog owner;
    private final SegmentHeader header;
    private final int headerLength;
    private final long basePosition;
    private final int capacity;
    private final long windowStartMillis;
    private final long windowEndMillis;
    private final long expirationMillis;
    private final SegmentFile file;
    /** For appends, which are over before it is unmapped: see the essay. Everybody else asks {@link #space}. */
    private final @Nullable SegmentMapping mapping;
    private final SegmentTail tail;
    private final SlotWriter slots;
    private final SegmentSpace space;
    private final ReentrantLock lock = new ReentrantLock();

    /** The sealer is at it, or about to be: a hint for who wants the lock for a moment, and would wait for a force. */
    private volatile boolean finishing;

    /** Where the stream ends as long as nothing is appended; set before the segment is active. */
    private long emptyEnd;

    /** A preparer has this segment on its list. */
    private volatile boolean preparing;

    @GuardedBy("lock")
    private final PublishedWalk published;

    @GuardedBy("lock")
    private boolean closed;

    /** The footer is there, or the file is to go: nothing more is done to it. */
    @GuardedBy("lock")
    private boolean finished;

    @GuardedBy("lock")
    private boolean forceFailed;

    /** Behind a write that failed, which may be in the file in part or as a whole; 0 where none did. Set before the segment is sealed. */
    private volatile int failedEnd;

    /** A segment as {@code recovered} found it, which is to be sealed. */
    ActiveSegment(LogContext log, StreamLog owner, SegmentHeader header, SegmentFile file, RecoveredTail recovered) {
        this(log, owner, header, file, recovered, null, recovered.tail());
    }

    /** A new one, with its header. */
    ActiveSegment(LogContext log, StreamLog owner, SegmentHeader header, NewSegment created) {
        this(log, owner, header, created.file(), RecoveredTail.empty(header.headerLength()), created.mapping(), created.preparedBytes());
        space.holds();
    }

    private ActiveSegment(LogContext log, StreamLog owner, SegmentHeader header, SegmentFile file, RecoveredTail recovered,
            @Nullable SegmentMapping mapping, int preparedBytes) {
        super(header.headerLength());
        this.log = log;
        this.owner = owner;
        this.header = header;
        this.headerLength = header.headerLength();
        this.basePosition = header.basePosition();
        this.capacity = header.capacity();
        this.emptyEnd = header.previousEnd();
        this.windowStartMillis = header.window().startMillis();
        this.windowEndMillis = header.window().endMillis();
        this.expirationMillis = header.expirationMillis();
        this.file = file;
        this.mapping = mapping;
        this.tail = SegmentTail.behind(recovered.tail(), recovered.lastSize());
        this.slots = new SlotWriter(log, tail, header);
        this.space = new SegmentSpace(log, file, header, recovered.tail(), mapping, preparedBytes);
        this.published = new PublishedWalk(recovered);
    }

    StreamLog owner() {
        return owner;
    }

    @Override
    public SegmentHeader header() {
        return header;
    }

    @Override
    public Path path() {
        return file.path();
    }

    SegmentFile file() {
        return file;
    }

    long windowStartMillis() {
        return windowStartMillis;
    }

    /** A timestamp at or past it belongs to another segment. */
    long windowEndMillis() {
        return windowEndMillis;
    }

    long expirationMillis() {
        return expirationMillis;
    }

    /** Records appended and published since this object was made; counts by walking them, which sealing would have to do later. */
    Appended appended() {
        lock.lock();
        try {
            published.go(space.mapping(), tailOffset());
            return published.appended();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where the last record ends; before the first, where the stream ended so far. At or behind the end of every record that the calling
     * thread was shown: a mapped record's place is in the word before it is published; one that is written by position is in the file before the
     * word says so, but both happen under the lock, and so before it is taken here.
     */
    long endPosition() {
        long word = tail.getAcquire();
        return mapping == null && !SegmentTail.isSealed(word) ? endPositionBehindWrite() : endPosition(word);
    }

    private long endPositionBehindWrite() {
        lock.lock();
        try {
            return endPosition(tail.getAcquire());
        } finally {
            lock.unlock();
        }
    }

    private long endPosition(long word) {
        int end = SegmentTail.tail(word);
        return end == headerLength ? emptyEnd : positionAt(end);
    }

    /** The stream was deleted, and comes again: what the header says of its end is for who had read it. */
    void beginsAnew() {
        emptyEnd = basePosition;
    }

    /** Where the next record would begin in this segment. */
    long reservedEnd() {
        return positionAt(tailOffset());
    }

    /** No position below this one may be given once the segment is sealed. */
    long lowestNextPosition() {
        int failed = failedEnd;
        return failed == 0 ? reservedEnd() : positionAt(failed);
    }

    /** Somebody else has removed the file. */
    boolean isTakenAway() {
        lock.lock();
        try {
            return finished && isGone();
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        return tailOffset() == headerLength;
    }

    boolean isSealed() {
        return SegmentTail.isSealed(tail.getAcquire());
    }

    private int tailOffset() {
        return SegmentTail.tail(tail.getAcquire());
    }

    private long positionAt(int offset) {
        return basePosition + offset - headerLength;
    }

    /** Whether a slot was reserved at this position and can never be published. */
    boolean isAbandoned(long position) {
        return slots.isAbandoned(position);
    }

    // ---------------------------------------------------------------- appending

    /**
     * Appends one record.
     *
     * @param expectedEnd the end that the stream must have, or {@link #ANY_END}
     * @return the record's position, or {@link #SEALED}, {@link #FULL} or {@link #MISMATCH}
     */
    long append(AppendScratch scratch, Draft draft, int frameBytes, long expectedEnd) {
        SegmentMapping target = mapping;
        if (target == null) {
            return appendByPosition(scratch, List.of(draft), frameBytes, frameBytes, expectedEnd);
        }
        for (; ; ) {
            long word = tail.getAcquire();
            if (SegmentTail.isSealed(word)) {
                return SEALED;
            }
            if (expectedEnd != ANY_END && endPosition(word) != expectedEnd) {
                return MISMATCH;
            }
            int start = SegmentTail.tail(word);
            int end = start + frameBytes;
            if (end > space.limit()) {
                if (frameBytes > capacity - start) {
                    return FULL;
                }
                prepareFor(end);
                continue;
            }
            pauseBeforeReserve();
            if (tail.compareAndSet(word, SegmentTail.next(end, frameBytes))) {
                slots.write(target, scratch, draft, start, frameBytes, SegmentTail.lastSize(word));
                askForSpaceBehind(end);
                return positionAt(start);
            }
        }
    }

    private void pauseBeforeReserve() {
        AppendSeam seam = log.seam();
        if (seam != null) {
            seam.beforeReserve();
        }
    }

    /**
     * Appends a batch, of which readers see all or nothing.
     *
     * @return the batch record's position, {@link #SEALED} or {@link #FULL}; the members follow the batch record
     */
    long appendBatch(AppendScratch scratch, List<Draft> members, int batchBytes) {
        int lastSize = (int) members.get(members.size() - 1).frameBytes();
        SegmentMapping target = mapping;
        if (target == null) {
            return appendByPosition(scratch, members, batchBytes, lastSize, ANY_END);
        }
        for (; ; ) {
            long word = tail.getAcquire();
            if (SegmentTail.isSealed(word)) {
                return SEALED;
            }
            int start = SegmentTail.tail(word);
            if (batchBytes > capacity - start) {
                return FULL;
            }
            int end = start + batchBytes;
            if (end > space.limit()) {
                prepareFor(end);
                continue;
            }
            pauseBeforeReserve();
            if (tail.compareAndSet(word, SegmentTail.next(end, lastSize))) {
                slots.writeBatch(target, scratch, members, start, batchBytes, lastSize, SegmentTail.lastSize(word));
                askForSpaceBehind(end);
                return positionAt(start);
            }
        }
    }

    /**
     * Under the lock: the whole write first, then the word. A write that fails seals the segment: what is in the file of it may have been read by
     * another process, and its positions must not become another record's.
     */
    private long appendByPosition(AppendScratch scratch, List<Draft> drafts, int totalBytes, int lastSize, long expectedEnd) {
        lock.lock();
        try {
            long word = tail.getAcquire();
            if (SegmentTail.isSealed(word)) {
                return SEALED;
            }
            if (expectedEnd != ANY_END && endPosition(word) != expectedEnd) {
                return MISMATCH;
            }
            int start = SegmentTail.tail(word);
            if (totalBytes > capacity - start) {
                return FULL;
            }
            write(scratch, drafts, start, totalBytes, SegmentTail.lastSize(word));
            published.add(drafts, start);
            tail.advance(start + totalBytes, lastSize);
            space.raiseMarkInFile(published.lastStart(), MARK_STRIDE_BYTES);
            return positionAt(start);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void write(AppendScratch scratch, List<Draft> drafts, int start, int totalBytes, int previousSize) {
        GatheredFrames frames = new GatheredFrames(header.salt());
        try {
            if (drafts.size() == 1) {
                frames.add(scratch, drafts.get(0), previousSize, positionAt(start));
            } else {
                frames.addBatch(scratch, drafts, totalBytes, previousSize, positionAt(start));
            }
            file.write(start, frames.buffers());
        } catch (IOException e) {
            failedEnd = start + totalBytes;
            tail.seal();
            space.cutBackTo(start, e);
            throw StorageErrors.translate("append", e, file.path(), header.key().text(), positionAt(start), totalBytes);
        } finally {
            frames.release();
        }
    }

    // ---------------------------------------------------------------- space

    /** Grows until a record can end at {@code end}: helps where the preparer is behind. */
    private void prepareFor(int end) {
        lock.lock();
        try {
            while (space.limit() < end && !isSealed()) {
                space.grow(Math.max(end, space.nextLimit()), tailOffset());
            }
        } catch (NoSuchFileException e) {
            takenAway(e);
        } catch (IOException e) {
            throw StorageErrors.translate("prepare space", e, file.path(), header.key().text(), positionAt(end), end - space.limit());
        } finally {
            if (!preparing) {
                space.closeFile();
            }
            lock.unlock();
        }
    }

    private void askForSpaceBehind(int end) {
        if (space.wantsMore(end)) {
            space.asked();
            if (!preparing) {
                preparing = true;
                log.preparer().prepare(this);
            }
        }
    }

    /**
     * One step of preparing ahead, for the preparer.
     *
     * @return whether there is more to prepare now
     */
    boolean prepareAhead() {
        lock.lock();
        try {
            preparing = false;
            boolean wantsMore = !isSealed() && !log.fence().isLost() && prepareStep();
            if (!wantsMore) {
                space.closeFile();
            }
            return wantsMore;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean prepareStep() {
        published.go(space.mapping(), tailOffset());
        space.raiseMarkInMapping(published.lastStart());
        boolean failed = false;
        try {
            if (space.isShort(tailOffset())) {
                space.grow(space.nextLimit(), tailOffset());
            }
        } catch (IOException e) {
            // the append that runs out of space will say so to its caller
            failed = true;
        }
        space.setWakeAt(tailOffset());
        return !failed && space.isShort(tailOffset());
    }

    /** Whether somebody waits for the lock: a hint. */
    boolean isWaitedFor() {
        return lock.hasQueuedThreads();
    }

    /** Whether the successor should be prepared. */
    boolean isNearlyFull() {
        return space.isNearlyFull(tailOffset());
    }

    @GuardedBy("lock")
    private boolean awaitPublished(int end, long maxWaitNanos) {
        return published.await(space.mapping(), end, maxWaitNanos, slots::hasAbandoned);
    }

    // ---------------------------------------------------------------- committing

    @Override
    protected @Nullable Undurable undurable(Room room) throws IOException {
        lock.lock();
        try {
            if (finished) {
                return null;
            }
            int reserved = tailOffset();
            published.go(space.mapping(), reserved);
            int from = durableOffset();
            int to = published.end();
            // a segment that is closed reads nothing any more: it can only be forced
            ByteBuffer target = to > from && !closed ? room.of(from, to) : null;
            if (target != null) {
                to = from + target.remaining();
                read(from, target);
            }
            return new Undurable(from, Math.max(from, to), target != null, to >= reserved, slots.hasAbandoned());
        } catch (NoSuchFileException e) {
            takenAway(e);
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Through the mapping, which stays while the lock is held, or by position. */
    @GuardedBy("lock")
    private void read(int from, ByteBuffer target) throws IOException {
        SegmentMapping current = space.mapping();
        if (current != null) {
            target.put(target.position(), current.buffer(), from, target.remaining());
            return;
        }
        int bytes = target.remaining();
        if (file.read(target, from) < bytes) {
            throw new IOException("segment is shorter than what was written to it: file=" + file.path() + ", offset=" + from + ", bytes="
                    + bytes);
        }
    }

    /** Stream position before which all of the segment is durable. */
    long durableEnd() {
        return positionAt(durableOffset());
    }

    /** Whether something was appended that isn't durable yet. */
    boolean isUndurable() {
        return !isFinished() && !isGone() && durableOffset() < tailOffset();
    }

    // ---------------------------------------------------------------- the end of a segment's writable life

    /** No more appends, for ever. */
    void seal() {
        lock.lock();
        try {
            tail.seal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a sealed segment its final form: cuts it behind the last record, forces it and its name, and writes the footer, which proves
     * that everything before it is durable, and that the stream has no segment less than it had. Idempotent.
     *
     * @return false where a slot is not published yet: come back later; and where the log was closed meanwhile: the file is the next
     *     writer's
     */
    boolean finish() throws IOException {
        finishing = true;
        try {
            return finishLocked();
        } finally {
            finishing = false;
        }
    }

    private boolean finishLocked() throws IOException {
        lock.lock();
        try {
            if (finished) {
                return true;
            }
            int end = tailOffset();
            if (closed || forceFailed || !awaitPublished(end, PUBLISH_WAIT_NANOS)) {
                return false;
            }
            log.fence().check();
            space.unmap();
            // forced with the data: where the footer goes and the end with it, the mark tells that there was more
            space.raiseMarkInFile(published.lastStart(), 1);
            // what is left of a failed write goes; else what was prepared of the first page may stay, and the footer with it
            file.truncate(failedEnd > 0 ? end : Math.max(end, PAGE_BYTES));
            force();
            file.write(end, FooterLayout.encode(header, end, SegmentTail.lastSize(tail.getAcquire()), published.index()));
            log.countFlush();
            raiseDurableOffset(end);
            finished = true;
            footerWritten();
            space.closeFile();
            return true;
        } catch (NoSuchFileException e) {
            takenAway(e);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Somebody has removed the file, or its directory, under the log: nothing of it can be made durable, and nobody is to be kept waiting for
     * that. The stream goes on in a new segment.
     */
    @GuardedBy("lock")
    private void takenAway(NoSuchFileException cause) {
        tail.seal();
        if (awaitPublished(tailOffset(), PUBLISH_WAIT_NANOS)) {
            space.unmap();
        }
        gone();
        finished = true;
        space.closeFile();
        log.events().failed("find a segment", header.key().text(), new IOException("segment file has disappeared: file=" + file.path()
                + "; another program removed it or its directory, with what had been appended", cause));
    }

    /** What could not be forced is never forced again: it would succeed, and mean nothing. Such a segment gets no footer. */
    @GuardedBy("lock")
    private void force() throws IOException {
        try {
            file.force();
            owner.forceNames();
            log.durability().checkForced();
            named();
        } catch (NoSuchFileException e) {
            // there is nothing that could have been lost in writing
            throw e;
        } catch (IOException e) {
            if (!IoFailure.isTooManyOpenFiles(e)) {
                forceFailed = true;
                log.durability().forceFailed(file.path(), e);
            }
            throw e;
        }
    }

    /** Waits until all below a position is published; false where a slot isn't in time, or never will be. */
    boolean awaitPublished(long position) {
        lock.lock();
        try {
            return awaitPublished((int) header.offsetOf(position), PUBLISH_WAIT_NANOS);
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected boolean isBeingSealed() {
        return finishing;
    }

    @Override
    protected void awaitSealing() {
        // takes the lock for that
        boolean unused = isForceFailed();
    }

    @Override
    protected boolean isForceFailed() {
        lock.lock();
        try {
            return forceFailed;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #letGo}, because its file is about to be deleted. */
    boolean discard() {
        gone();
        return letGo();
    }

    /**
     * Its file is about to be cut at a position: what whoever commits knows of it counts up to there. It isn't gone: what stays has to be
     * durable, and the frontier may be the only one to say so.
     */
    boolean letGoBehind(long position) {
        lowerDurableOffset((int) header.offsetOf(position));
        return letGo();
    }

    /** Gives up all it holds. False where a slot is not published: then the mapping stays. */
    private boolean letGo() {
        lock.lock();
        try {
            tail.seal();
            if (finished) {
                return true;
            }
            boolean complete = awaitPublished(tailOffset(), PUBLISH_WAIT_NANOS);
            if (complete) {
                space.unmap();
            }
            finished = true;
            space.closeFile();
            return complete;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives up all it holds, because the log closes: it gets its footer when the log is opened again. Whoever wants to append finds it sealed, and
     * that there is no next one. False where a slot stayed unpublished: its mapping is left to the process.
     */
    boolean close() {
        lock.lock();
        try {
            tail.seal();
            closed = true;
            if (finished) {
                return true;
            }
            int end = tailOffset();
            boolean complete = awaitPublished(end, PUBLISH_WAIT_NANOS);
            if (complete && space.mapping() != null) {
                space.raiseMarkInMapping(published.lastStart());
                space.unmap();
                space.cutBehind(end);
            } else if (complete) {
                space.raiseMarkInFile(published.lastStart(), 1);
            }
            space.closeFile();
            return complete;
        } finally {
            lock.unlock();
        }
    }

    /** The bytes that are the segment's on the disk, or are about to be. */
    long fileBytes() {
        return Math.max(space.limit(), tailOffset());
    }

    /** With its footer. */
    long sealedBytes() {
        lock.lock();
        try {
            return FooterLayout.sealedLength(tailOffset(), headerLength, published.index().blocks());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Copies what is published now into a new file, which is sealed: where it is opened, nobody knows whether what preceded it was deleted on
     * purpose, and a footer says that nothing before it is missing.
     */
    void copyTo(Path target) throws IOException {
        lock.lock();
        try {
            long word = tail.getAcquire();
            int end = SegmentTail.tail(word);
            if (!awaitPublished(end, PUBLISH_WAIT_NANOS)) {
                throw new IOException("a slot was reserved but is not published: file=" + file.path() + "; try again");
            }
            // up to there has been walked, and no further: the tail was looked at with the lock
            SegmentCopy.copy(file, end, FooterLayout.encode(header, end, SegmentTail.lastSize(word), published.index()), target);
        } finally {
            lock.unlock();
        }
    }
}
