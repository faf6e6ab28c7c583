package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.commit.CommitSegment;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.IoFailure;
import dev.streamwal.measure.Flush;
import dev.streamwal.measure.FlushCause;
import dev.streamwal.measure.Stall;
import dev.streamwal.measure.StallCause;
import dev.streamwal.segment.RecoveredTail;
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
 * <p>Either it is <i>mapped</i> from its creation until it is sealed, and appended to without locks; or it is written <i>by position</i>
 * under its lock, if the storage has no mappings. A segment that an earlier writer left is sealed, and never appended to.
 */
final class ActiveSegment extends CommitSegment {

    /*
     * Concurrency.
     *
     * Mapped. An append reserves its slot by a compare-and-set on the tail's word, fills the slot, and publishes it by storing the commit
     * word with release, which is its last access to the mapping. The mapping is set before the segment is shared, and never replaced. A
     * thread that unmaps first sets SEALED, and then waits until every record up to the tail in that word is published. A compare-and-set
     * before SEALED has reserved a slot below that tail, so its thread is waited for; one after SEALED fails, and its thread accesses
     * nothing. So nothing is unmapped between a compare-and-set and its publication, and appends need no fence, count or lock for that.
     * Before its compare-and-set an append reads only one more field, `limit`, which never shrinks.
     *
     * If a slot is still unpublished after PUBLISH_WAIT_NANOS, the segment isn't unmapped: the sealer tries again later; close, delete and
     * cut leave the mapping to the process.
     *
     * By position. The word changes under the lock only: first the whole write, then the word. So everything below the tail is in the file.
     * A failed write seals the segment, since another process may have read what it left in the file.
     *
     * Under the lock: everything that uses the file, prepares space, walks published records, seals, unmaps; and appends by position. The
     * exception is a thread that can neither publish its slot nor give it up, which seals without the lock: it only sets a bit that stays.
     * Waits under the lock are bounded by PUBLISH_WAIT_NANOS. No lock is taken between a compare-and-set and its publication.
     */

    /** Returned instead of a position, which is never negative: the segment takes no more appends. */
    static final long SEALED = -1;
    static final long FULL = -2;
    static final long MISMATCH = -3;

    /** As {@code expectedEnd}: append wherever the end is. */
    static final long ANY_END = -1;

    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;
    /** Filling a slot takes well under a microsecond, but its thread may be descheduled meanwhile, or stopped by a debugger. */
    private static final long PUBLISH_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    /**
     * By position, the header's mark is raised each time the tail has advanced by this much, so that a reader finds the end by walking little further. Mapped,
     * it is raised when space is prepared, and may be as far behind as that is ahead.
     */
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
    /** Only appends use this field; they end before the segment is unmapped: see the essay. All other code asks {@link #space}. */
    private final @Nullable SegmentMapping mapping;
    private final SegmentTail tail;
    private final SlotWriter slots;
    private final SegmentSpace space;
    private final ReentrantLock lock = new ReentrantLock();

    /** Whether the sealer works on the segment, or is about to: a hint that taking the lock might mean waiting for a force. */
    private volatile boolean finishing;

    /** Where the stream ends while nothing is appended; set before the segment is active. */
    private long emptyEnd;

    /** Whether the segment is on a preparer's list. */
    private volatile boolean preparing;

    @GuardedBy("lock")
    private final PublishedWalk published;

    @GuardedBy("lock")
    private boolean closed;

    /** Whether the footer is written, or the file is going to be deleted: nothing more is done to it. */
    @GuardedBy("lock")
    private boolean finished;

    @GuardedBy("lock")
    private boolean forceFailed;

    /** The end of a failed write, which may be in the file in part or as a whole; 0 if no write failed. Set before the segment is sealed. */
    private volatile int failedEnd;

    /** A segment as {@code recovered} describes it, which has to be sealed. */
    ActiveSegment(LogContext log, StreamLog owner, SegmentHeader header, SegmentFile file, RecoveredTail recovered) {
        this(log, owner, header, file, recovered, null, recovered.tail());
    }

    /** A new segment, with its header. */
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

    /** Timestamps at or after this one belong to another segment. */
    long windowEndMillis() {
        return windowEndMillis;
    }

    long expirationMillis() {
        return expirationMillis;
    }

    /** Records appended and published since this object was created. Counts by walking them, which sealing would have to do later anyway. */
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
     * Where the last record ends; before the first, where the stream ended before. It is never before the end of a record that the calling thread has
     * seen. A mapped record's place is in the word before the record is published. A record written by position is in the file before the word says
     * so, but both happen under the lock, which is taken here, too.
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

    /** The stream was deleted and begins anew: the end in the header is only for readers of the deleted stream. */
    void beginsAnew() {
        emptyEnd = basePosition;
    }

    /** Where the next record would begin in this segment. */
    long reservedEnd() {
        return positionAt(tailOffset());
    }

    /** Once the segment is sealed, no position below this one may be given. */
    long lowestNextPosition() {
        int failed = failedEnd;
        return failed == 0 ? reservedEnd() : positionAt(failed);
    }

    /** Whether another program has removed the file. */
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

    /** The bytes of header and records. */
    int usedBytes() {
        return tailOffset();
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
            return appendByPosition(scratch, List.of(scratch.inArrays(draft)), frameBytes, frameBytes, expectedEnd);
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
                scratch.takesPlace();
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
     * Appends a batch; readers see all of it or nothing.
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
                scratch.takesPlace();
                slots.writeBatch(target, scratch, members, start, batchBytes, lastSize, SegmentTail.lastSize(word));
                askForSpaceBehind(end);
                return positionAt(start);
            }
        }
    }

    /**
     * Under the lock, first the whole write, then the word. All that may run the program's code comes before the lock, because that code may append,
     * or wait: a single record is in arrays, a batch's records are in arrays or in buffers of the JDK, and Netty, which reports leaks when it
     * allocates, has allocated the memory. So a thread that waits for the lock holds as much direct memory as its records take.
     */
    private long appendByPosition(AppendScratch scratch, List<Draft> drafts, int totalBytes, int lastSize, long expectedEnd) {
        GatheredFrames frames = new GatheredFrames();
        try {
            frames.allocate(drafts, totalBytes);
            return appendByPosition(scratch, drafts, frames, totalBytes, lastSize, expectedEnd);
        } finally {
            frames.release();
        }
    }

    private long appendByPosition(AppendScratch scratch, List<Draft> drafts, GatheredFrames frames, int totalBytes, int lastSize, long expectedEnd) {
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
            checkFreeSpace(start, totalBytes);
            frames.fill(scratch, drafts, SegmentTail.lastSize(word), header.salt(), positionAt(start));
            scratch.takesPlace();
            write(frames, start, totalBytes);
            published.add(drafts, start);
            tail.advance(start + totalBytes, lastSize);
            space.raiseMarkInFile(published.lastStart(), MARK_STRIDE_BYTES);
            return positionAt(start);
        } finally {
            lock.unlock();
        }
    }

    /** Nothing was written yet: the segment goes on when there is room again. */
    @GuardedBy("lock")
    private void checkFreeSpace(int start, int bytes) {
        try {
            space.checkFreeSpace(start, start + bytes);
        } catch (IOException e) {
            throw hasNoRoom("append", e, start, bytes);
        }
    }

    /** A failed write seals the segment: another process may have read what it left in the file, and its positions must not become another record's. */
    @GuardedBy("lock")
    private void write(GatheredFrames frames, int start, int totalBytes) {
        try {
            file.write(start, frames.buffers());
        } catch (IOException e) {
            sealBehindFailure(start, totalBytes, e);
            throw hasNoRoom("append", e, start, totalBytes);
        } catch (RuntimeException | Error e) {
            sealBehindFailure(start, totalBytes, e);
            throw e;
        }
    }

    @GuardedBy("lock")
    private void sealBehindFailure(int start, int totalBytes, Throwable cause) {
        failedEnd = start + totalBytes;
        tail.seal();
        space.cutBackTo(start, cause);
    }

    // ---------------------------------------------------------------- space

    private WalException hasNoRoom(String task, IOException e, int offset, int bytes) {
        WalException failure = StorageErrors.translate(task, e, file.path(), header.key().text(), positionAt(offset), bytes);
        log.events().appendHasNoRoom(failure);
        return failure;
    }

    /** Grows the space until a record can end at {@code end}, if the preparer is behind. */
    private void prepareFor(int end) {
        Stall stall = new Stall();
        lock.lock();
        try {
            while (space.limit() < end && !isSealed()) {
                space.grow(Math.max(end, space.nextLimit()), tailOffset());
            }
        } catch (NoSuchFileException e) {
            takenAway(e);
        } catch (IOException e) {
            throw hasNoRoom("prepare space", e, end, end - space.limit());
        } finally {
            if (!preparing) {
                space.closeFile();
            }
            lock.unlock();
            stall.end(StallCause.SPACE, header.key(), log.events());
        }
    }

    private void askForSpaceBehind(int end) {
        if (space.wantsMore(end)) {
            space.asked();
            if (!preparing) {
                preparing = true;
                if (!log.preparer().add(this)) {
                    preparing = false;
                }
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
            // the append that runs out of space throws to its caller
            failed = true;
        }
        space.setWakeAt(tailOffset());
        return !failed && space.isShort(tailOffset());
    }

    /** Whether a thread waits for the lock: a hint. */
    boolean isWaitedFor() {
        return lock.hasQueuedThreads();
    }

    /** Whether the successor should be prepared. */
    boolean isNearlyFull() {
        return space.isNearlyFull(tailOffset());
    }

    @GuardedBy("lock")
    private boolean awaitSlots(int end) {
        return published.await(space.mapping(), end, PUBLISH_WAIT_NANOS, slots::hasAbandoned);
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
            // a closed segment can't be read any more, only forced
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

    /** Reads through the mapping, which stays while the lock is held, or by position. */
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

    /** Ends appends for ever. */
    void seal() {
        lock.lock();
        try {
            tail.seal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a sealed segment its final form: cuts it after the last record, forces it and its name, and writes the footer. The footer proves
     * that everything before it is durable, and that no earlier segment of the stream is missing. Idempotent.
     *
     * @return false if a slot isn't published yet: call it again later. Also false after a failed force, and if the log was closed: then the file
     *     belongs to the next writer
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
            if (closed || forceFailed || !awaitSlots(end)) {
                return false;
            }
            log.fence().check();
            writeFooter(end);
            return true;
        } catch (NoSuchFileException e) {
            takenAway(e);
            return true;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void writeFooter(int end) throws IOException {
        try {
            space.unmap();
            // forced with the data: if the footer and with it the end are lost, the mark shows that there was more
            space.raiseMarkInFile(published.lastStart(), 1);
            // removes what is left of a failed write; otherwise the prepared part of the first page may stay, with the footer in it
            file.truncate(failedEnd > 0 ? end : Math.max(end, PAGE_BYTES));
            force();
            file.write(end, FooterLayout.encode(header, end, SegmentTail.lastSize(tail.getAcquire()), published.index()));
            raiseDurableOffset(end);
            finished = true;
            footerWritten();
        } finally {
            // also where it has to be tried again: on a full disk very many segments may wait for that
            space.closeFile();
        }
    }

    /**
     * Another program has removed the file or its directory: nothing of the segment can become durable, and no thread may wait for that. The
     * stream continues in a new segment.
     */
    @GuardedBy("lock")
    private void takenAway(NoSuchFileException cause) {
        tail.seal();
        if (awaitSlots(tailOffset())) {
            space.unmap();
        }
        gone();
        finished = true;
        space.closeFile();
        log.events().failed("find a segment", header.key().text(), new IOException("segment file has disappeared: file=" + file.path()
                + "; another program removed it or its directory, with what had been appended", cause));
    }

    /** After a failed force the segment is never forced again, since a second force would succeed and mean nothing. Such a segment gets no footer. */
    @GuardedBy("lock")
    private void force() throws IOException {
        Flush flush = new Flush();
        int bytes = tailOffset() - durableOffset();
        try {
            file.force();
            owner.forceNames();
            log.durability().checkForced();
            named();
            flush.end(FlushCause.SEAL, file.path(), bytes, log.events());
        } catch (NoSuchFileException e) {
            // no write can have been lost
            throw e;
        } catch (IOException e) {
            if (!IoFailure.isNotOpened(e)) {
                forceFailed = true;
                log.durability().forceFailed(file.path(), e);
            }
            throw e;
        }
    }

    /** Waits until everything below a position is published; false if a slot isn't published in time, or never will be. */
    boolean awaitPublished(long position) {
        lock.lock();
        try {
            return awaitSlots((int) header.offsetOf(position));
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
        // takes the lock, which waits for the sealer
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

    /** {@linkplain #letGo Lets go} of a segment whose file is going to be deleted. */
    boolean discard() {
        gone();
        return letGo();
    }

    /**
     * Lets go of a segment whose file is going to be cut at a position; what the committer knows of it counts only up to there. The segment isn't
     * gone: what stays must be durable, and the frontier may be the only record of that.
     */
    boolean letGoBehind(long position) {
        lowerDurableOffset((int) header.offsetOf(position));
        return letGo();
    }

    /** Releases the mapping and the file. False if a slot is not published: then the mapping stays. */
    private boolean letGo() {
        lock.lock();
        try {
            tail.seal();
            if (finished) {
                return true;
            }
            boolean complete = awaitSlots(tailOffset());
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
     * Releases the mapping and the file, since the log closes: the segment gets its footer when the log is opened again. Appends find it
     * sealed and without a successor. False if a slot stayed unpublished: then its mapping stays until the process ends.
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
            boolean complete = awaitSlots(end);
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

    /** The bytes that the segment takes on the disk, or will take. */
    long fileBytes() {
        return Math.max(space.limit(), tailOffset());
    }

    /** {@link #fileBytes()} until the segment has its footer; then 0. */
    long unfinishedBytes() {
        return isFinished() ? 0 : fileBytes();
    }

    /** Its size with its footer. */
    long sealedBytes() {
        lock.lock();
        try {
            return FooterLayout.sealedLength(tailOffset(), headerLength, published.index().blocks());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Copies what is published now into a new file, which is sealed: otherwise, when the copy is opened, it would be unknown whether what
     * preceded the segment was deleted on purpose. A footer says that nothing before it is missing.
     */
    void copyTo(Path target) throws IOException {
        lock.lock();
        try {
            long word = tail.getAcquire();
            int end = SegmentTail.tail(word);
            if (!awaitSlots(end)) {
                throw new IOException("an append hasn't completed yet: file=" + file.path() + "; try again");
            }
            // walked up to there and no further: the tail was read under the lock
            try {
                SegmentCopy.copy(file, end, FooterLayout.encode(header, end, SegmentTail.lastSize(word), published.index()), target);
            } finally {
                if (finished) {
                    // since it was listed; then its file was closed for good, and the copy has opened it again
                    file.close();
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
