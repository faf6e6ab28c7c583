package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.commit.CommitSegment;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
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
 * <p>It is <i>mapped</i> while it is busy, and appended to without locks; else it is <i>parked</i>, and written by position under its lock.
 * {@link SegmentTail} says which.
 */
final class ActiveSegment extends CommitSegment {

    /*
     * Concurrency.
     *
     * A mapped append takes its place by a compare-and-set on the tail's word, reads the mapping only then, fills the slot, and publishes
     * it by storing the commit word with release, its last touch of the mapping. Whoever parks or seals sets its bit after that
     * compare-and-set in the word's order (or the compare-and-set fails), and then waits until every record up to the tail in the word it
     * found is published, ours among them. So nothing is unmapped between a compare-and-set and its publication. The mapping is written
     * before PARKED is cleared, so a compare-and-set on a word without PARKED sees the current one: `mapping` needs no fence of its own.
     * The only other fact that is carried over the compare-and-set is `limit`, which never shrinks: it outlives a park, and a resume
     * prepares space up to it again. Hence no reference counts and no generations. A variant that reads the mapping first survives
     * ordinary stress and crashes the process when it is held up on either side of the compare-and-set; AppendSeam holds it up, and a test
     * shows the crash.
     *
     * Under the lock: everything that touches the file, maps, touches pages ahead, parks, seals; a parked append. While PARKED is set the
     * word changes under the lock only. Waits under the lock are bounded by PUBLISH_WAIT_NANOS, and under a pool's lock by
     * EVICTION_WAIT_NANOS. No lock is taken between a compare-and-set and its publication, and none is taken while a pool's lock is held
     * but by tryLock.
     */

    /** Appends that find this say what the append came to; positions are not negative. */
    static final long SEALED = -1;
    static final long FULL = -2;
    static final long MISMATCH = -3;
    private static final long RETRY = -4;

    /** For {@code expectedEnd}: append wherever the end is. */
    static final long ANY_END = -1;

    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;
    /** Mapping pays from about 14 appends on while the descriptor stays open: 16 µs once and 0.1 µs each, against 6.5 µs each. */
    private static final int APPENDS_THAT_EARN_A_MAPPING = 16;
    /** A slot takes well under a microsecond to fill; a thread may be descheduled in it, or stopped by a debugger. */
    private static final long PUBLISH_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Somebody waits for the seat, with the pool's lock: rather the next segment than a thread that isn't running. */
    private static final long EVICTION_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** The header's mark is raised each time the tail went this far, so that a reader finds the end by walking no further. */
    private static final int MARK_STRIDE_BYTES = 64 << 10;
    /** Walks before a park, in which records are still published without being held up. */
    private static final int WALKS_BEFORE_PARK = 8;

    private final LogContext log;
    private final StreamLog owner;
    private final SegmentHeader header;
    private final int headerLength;
    private final long basePosition;
    private final int capacity;
    private final long windowStartMillis;
    private final long windowEndMillis;
    private final long expirationMillis;
    private final Activity activity;
    private final long activityHash;
    private final SegmentFile file;
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

    /** Since the descriptor was opened. */
    @GuardedBy("lock")
    private int parkedAppends;

    @GuardedBy("lock")
    private boolean closed;

    /** The footer is there, or the file is to go: nothing more is done to it. */
    @GuardedBy("lock")
    private boolean finished;

    @GuardedBy("lock")
    private boolean forceFailed;

    /** Behind a write that failed, which may be in the file in part or as a whole; 0 where none did. Set before the segment is sealed. */
    private volatile int failedEnd;

    /** A segment as {@code recovered} found it, or a new one; parked. The header is in the file. */
    ActiveSegment(LogContext log, StreamLog owner, SegmentHeader header, SegmentFile file, RecoveredTail recovered) {
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
        this.activity = log.activity();
        this.activityHash = owner.activityHash();
        this.file = file;
        this.tail = SegmentTail.parked(recovered.tail(), recovered.lastSize());
        this.slots = new SlotWriter(log, tail, header);
        this.space = new SegmentSpace(log, file, header.key().text(), capacity, recovered.tail(), header.mark(), new FileSeat(),
                new MappingSeat());
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
    long recordsAppended() {
        lock.lock();
        try {
            published.go(space.mapping(), tailOffset());
            return published.recordsAppended();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where the last record ends; before the first, where the stream ended so far. At or behind the end of every record that the calling
     * thread was shown: a mapped record's place is in the word before it is published; a parked record is in the file before the word says
     * so, but both happen under the lock, and so before it is taken here.
     */
    long endPosition() {
        long word = tail.getAcquire();
        return SegmentTail.isParked(word) && !SegmentTail.isSealed(word) ? endPositionBehindParkedAppend() : endPosition(word);
    }

    private long endPositionBehindParkedAppend() {
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

    boolean isMapped() {
        return !SegmentTail.isParked(tail.getAcquire());
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
        for (; ; ) {
            long word = tail.getAcquire();
            if (SegmentTail.isSealed(word)) {
                return SEALED;
            }
            if (SegmentTail.isParked(word)) {
                long outcome = appendParked(scratch, List.of(draft), frameBytes, frameBytes, expectedEnd);
                if (outcome != RETRY) {
                    return outcome;
                }
                continue;
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
            SegmentMapping early = log.seam() == null ? null : log.seam().beforeReserve(this);
            scratch.enter(activity);
            boolean reserved = tail.compareAndSet(word, SegmentTail.next(end, frameBytes));
            try {
                if (reserved) {
                    SegmentMapping target = early == null ? mappingAfterReserve() : early;
                    slots.write(target, scratch, draft, start, frameBytes, SegmentTail.lastSize(word));
                }
            } finally {
                leave(scratch, reserved, end);
            }
            if (reserved) {
                askForSpaceBehind(end);
                return positionAt(start);
            }
        }
    }

    /**
     * Appends a batch, of which readers see all or nothing.
     *
     * @return the batch record's position, {@link #SEALED} or {@link #FULL}; the members follow the batch record
     */
    long appendBatch(AppendScratch scratch, List<Draft> members, int batchBytes) {
        int lastSize = (int) members.get(members.size() - 1).frameBytes();
        for (; ; ) {
            long word = tail.getAcquire();
            if (SegmentTail.isSealed(word)) {
                return SEALED;
            }
            if (SegmentTail.isParked(word)) {
                long outcome = appendParked(scratch, members, batchBytes, lastSize, ANY_END);
                if (outcome != RETRY) {
                    return outcome;
                }
                continue;
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
            scratch.enter(activity);
            boolean reserved = tail.compareAndSet(word, SegmentTail.next(end, lastSize));
            try {
                if (reserved) {
                    slots.writeBatch(mappingAfterReserve(), scratch, members, start, batchBytes, lastSize, SegmentTail.lastSize(word));
                }
            } finally {
                leave(scratch, reserved, end);
            }
            if (reserved) {
                askForSpaceBehind(end);
                return positionAt(start);
            }
        }
    }

    /** Behind the commit word, be it a record's or, where that failed, padding's: those who wait for it may sleep by the mark. */
    private void leave(AppendScratch scratch, boolean reserved, int end) {
        if (reserved) {
            activity.published(activityHash, positionAt(end));
        }
        scratch.leave();
    }

    /** Only behind a successful compare-and-set on a word without PARKED, which sees the current mapping: see the essay above. */
    @SuppressWarnings("NullAway")
    private SegmentMapping mappingAfterReserve() {
        return space.mapping();
    }

    /** What the mapping is now, wherever the caller stands: to break the rule with, for {@link AppendSeam}. */
    @Nullable SegmentMapping mappingNow() {
        return space.mapping();
    }

    /**
     * Under the lock, by position: the whole write first, then the word. A write that fails seals the segment: what is in the file of it may
     * have been read by another process, and its positions must not become another record's.
     */
    private long appendParked(AppendScratch scratch, List<Draft> drafts, int totalBytes, int lastSize, long expectedEnd) {
        lock.lock();
        try {
            long word = tail.getAcquire();
            if (SegmentTail.isSealed(word)) {
                return SEALED;
            }
            if (!SegmentTail.isParked(word)) {
                return RETRY;
            }
            if (closed) {
                throw new WalClosedException("the log is closed: stream=" + header.key(), file.path(), header.key().text(),
                        WalException.NO_POSITION, null);
            }
            if (expectedEnd != ANY_END && endPosition(word) != expectedEnd) {
                return MISMATCH;
            }
            int start = SegmentTail.tail(word);
            if (totalBytes > capacity - start) {
                return FULL;
            }
            if (++parkedAppends >= APPENDS_THAT_EARN_A_MAPPING && resume()) {
                return RETRY;
            }
            writeParked(scratch, drafts, start, totalBytes, SegmentTail.lastSize(word));
            published.add(drafts, start);
            tail.setParked(start + totalBytes, lastSize);
            activity.published(activityHash, positionAt(start + totalBytes));
            space.raiseMarkInFile(published.lastStart(), MARK_STRIDE_BYTES);
            return positionAt(start);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void writeParked(AppendScratch scratch, List<Draft> drafts, int start, int totalBytes, int previousSize) {
        ParkedFrames frames = new ParkedFrames(header.salt());
        try {
            if (drafts.size() == 1) {
                frames.add(scratch, drafts.get(0), previousSize, positionAt(start));
            } else {
                frames.addBatch(scratch, drafts, totalBytes, previousSize, positionAt(start));
            }
            space.use();
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
            while (space.limit() < end && isAppendableMapped()) {
                space.grow(Math.max(end, space.nextLimit()), tailOffset());
            }
        } catch (IOException e) {
            throw StorageErrors.translate("prepare space", e, file.path(), header.key().text(), positionAt(end), end - space.limit());
        } finally {
            lock.unlock();
        }
    }

    private boolean isAppendableMapped() {
        long word = tail.getAcquire();
        return !SegmentTail.isSealed(word) && !SegmentTail.isParked(word);
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
            if (!isAppendableMapped() || log.fence().isLost()) {
                return false;
            }
            published.go(space.mapping(), tailOffset());
            space.raiseMarkInMapping(published.lastStart());
            if (space.isShort(tailOffset())) {
                space.grow(space.nextLimit(), tailOffset());
            }
            space.setWakeAt(tailOffset());
            return space.isShort(tailOffset());
        } catch (IOException e) {
            // the append that runs out of space will say so to its caller
            space.setWakeAt(tailOffset());
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Whether somebody waits for the lock: a hint. */
    boolean isWaitedFor() {
        return lock.hasQueuedThreads();
    }

    /** Whether the successor should be prepared. */
    boolean isNearlyFull() {
        return space.isNearlyFull(tailOffset());
    }

    // ---------------------------------------------------------------- parking and resuming

    /** Maps a parked segment, if that can be. */
    @GuardedBy("lock")
    private boolean resume() {
        parkedAppends = 0;
        boolean mapped = space.map(tailOffset());
        if (mapped) {
            tail.resume();
        }
        return mapped;
    }

    /** Parks a mapped segment. False where a slot stayed unpublished for so long: it stays mapped. */
    @GuardedBy("lock")
    private boolean park(long maxWaitNanos) {
        if (space.mapping() == null) {
            return true;
        }
        int walks = 0;
        int before;
        do {
            before = published.end();
            published.go(space.mapping(), tailOffset());
        } while (published.end() - before > PAGE_BYTES && ++walks < WALKS_BEFORE_PARK);
        int end = SegmentTail.tail(tail.park());
        if (!awaitPublished(end, maxWaitNanos)) {
            if (!closed && !isSealed()) {
                tail.resume();
            }
            return false;
        }
        space.raiseMarkInMapping(published.lastStart());
        space.unmap();
        space.cutBehind(end);
        return true;
    }

    @GuardedBy("lock")
    private boolean awaitPublished(int end, long maxWaitNanos) {
        return published.await(space.mapping(), end, maxWaitNanos, slots::hasAbandoned);
    }

    /** Maps a new segment at once, because its predecessor was busy. */
    void mapNow() {
        lock.lock();
        try {
            if (!closed && !isSealed() && !isMapped()) {
                boolean unused = resume();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes over what was prepared for it, in place of {@link #mapNow()}. */
    void adopt(SegmentMapping prepared, int preparedBytes) {
        lock.lock();
        try {
            if (space.adopt(prepared, preparedBytes, tailOffset())) {
                tail.resume();
            }
        } finally {
            lock.unlock();
        }
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
        SegmentMapping mapping = space.mapping();
        if (mapping != null) {
            target.put(target.position(), mapping.buffer(), from, target.remaining());
            return;
        }
        space.use();
        int bytes = target.remaining();
        if (file.read(target, from) < bytes) {
            throw new IOException("a segment is shorter than what was written to it: file=" + file.path() + ", offset=" + from + ", bytes="
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
            unmapForGood();
            space.use();
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
        gone();
        finished = true;
        space.closeFile();
        log.events().failed("find a segment", header.key().text(), new IOException("a segment's file is there until the log deletes it: "
                + "somebody else has removed it or its directory, with what had been appended: file=" + file.path(), cause));
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
                unmapForGood();
            }
            finished = true;
            space.closeFile();
            return complete;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives up all it holds, because the log closes; the segment can be opened again. False where a slot stayed unpublished: its mapping is
     * left to the process.
     */
    boolean close() {
        lock.lock();
        try {
            closed = true;
            if (finished) {
                return true;
            }
            boolean complete = isSealed() ? awaitPublished(tailOffset(), PUBLISH_WAIT_NANOS) : park(PUBLISH_WAIT_NANOS);
            if (complete) {
                space.raiseMarkInMapping(published.lastStart());
                unmapForGood();
                space.raiseMarkInFile(published.lastStart(), 1);
            }
            space.closeFile();
            space.leaveMappingSeat();
            return complete;
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is appended any more, and all is published. */
    @GuardedBy("lock")
    private void unmapForGood() {
        if (space.mapping() != null) {
            tail.park();
            space.unmap();
            space.leaveMappingSeat();
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
                throw new IOException("a slot was reserved and isn't published: file=" + file.path() + "; try again");
            }
            space.use();
            // up to there has been walked, and no further: the tail was looked at with the lock
            SegmentCopy.copy(file, end, FooterLayout.encode(header, end, SegmentTail.lastSize(word), published.index()), target);
        } finally {
            lock.unlock();
        }
    }

    /** A descriptor. Used whenever the tail has moved since the last look. */
    private final class FileSeat extends TailSeat {

        @Override
        @SuppressWarnings("GuardedBy") // under the lock, by tryLock
        boolean go() {
            file.close();
            parkedAppends = 0;
            return true;
        }
    }

    /** A mapping. Used whenever the tail has moved since the last look. */
    private final class MappingSeat extends TailSeat {

        @Override
        @SuppressWarnings("GuardedBy") // under the lock, by tryLock
        boolean go() {
            return !isSealed() && park(EVICTION_WAIT_NANOS);
        }
    }

    private abstract class TailSeat extends ClockPool.Tenant {

        private int tailAtLastLook;

        /** Under the segment's lock. */
        abstract boolean go();

        @Override
        final boolean wasUsed() {
            int now = tailOffset();
            boolean used = now != tailAtLastLook;
            tailAtLastLook = now;
            return used;
        }

        @Override
        final boolean tryGo() {
            if (!lock.tryLock()) {
                return false;
            }
            try {
                return go();
            } finally {
                lock.unlock();
            }
        }
    }
}
