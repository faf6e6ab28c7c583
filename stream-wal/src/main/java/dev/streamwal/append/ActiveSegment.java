package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.reader.TooManyOpenFilesException;
import dev.streamwal.reader.WalClosedException;
import dev.streamwal.reader.WalIOException;
import dev.streamwal.recovery.RecoveredTail;
import dev.streamwal.storage.SegmentCopy;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.StorageBytes;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A segment that is, or just was, appended to.
 *
 * <p>It is <i>mapped</i> while it is busy, and appended to without locks; else it is <i>parked</i>, and written by position under its lock.
 * {@link SegmentTail} says which.
 */
final class ActiveSegment {

    /*
     * Concurrency.
     *
     * A mapped append takes its place by a compare-and-set on the tail's word, reads the mapping only then, fills the slot, and publishes it
     * by storing the commit word with release, its last touch of the mapping. Whoever parks or seals sets its bit after that compare-and-set
     * in the word's order (or the compare-and-set fails), and then waits until every record up to the tail in the word it found is
     * published, ours among them. So nothing is unmapped between a compare-and-set and its publication. The mapping is written before PARKED
     * is cleared, so a compare-and-set on a word without PARKED sees the current one: `mapping` needs no fence of its own. The only other fact
     * that is carried over the compare-and-set is `limit`, which never shrinks: it outlives a park, and a resume prepares space up to it
     * again. Hence no reference counts and no generations. A variant that reads the mapping first survives ordinary stress and crashes the
     * process when it is held up on either side of the compare-and-set; AppendSeam holds it up, and a test shows the crash.
     *
     * Under the lock: everything that touches the file, maps, touches pages ahead, parks, seals; a parked append. While PARKED is set the word
     * changes under the lock only. Waits under the lock are bounded by PUBLISH_WAIT_NANOS, and
     * under a pool's lock by EVICTION_WAIT_NANOS. No lock is taken between a compare-and-set and
     * its publication, and none is taken while a pool's lock is held but by tryLock.
     *
     * Space is prepared ahead: zeros are written past the end of the file, which allocates blocks or reports a full disk, then the new pages
     * are touched, and only then is `limit` raised. So no page is ever touched that has no block behind it.
     */

    /** Appends that find this say what the append came to; positions are not negative. */
    static final long SEALED = -1;
    static final long FULL = -2;
    static final long MISMATCH = -3;
    private static final long RETRY = -4;

    /** For {@code expectedEnd}: append wherever the end is. */
    static final long ANY_END = -1;

    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;
    /** What is prepared, touched or cut at a time under the lock: under a millisecond. */
    private static final int STEP_BYTES = 1 << 20;
    /** Preparing further ahead gains nothing and costs memory that may not be used. */
    private static final int MAX_GROWTH_BYTES = 16 << 20;
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
    private static final int SPINS_BEFORE_YIELD = 100;
    private static final int YIELDS_BEFORE_SLEEP = 100;
    private static final long SLEEP_NANOS = 50_000;

    private final LogContext log;
    private final StreamLog owner;
    private final SegmentHeader header;
    private final int headerLength;
    private final long basePosition;
    private final long salt;
    private final int capacity;
    private final long windowEndMillis;
    private final long expirationMillis;
    private final long recordsBefore;
    private final SegmentTail tail;
    private final SegmentFile file;
    private final ReentrantLock lock = new ReentrantLock();
    private final FileTenant fileTenant = new FileTenant();
    private final MappingTenant mappingTenant = new MappingTenant();
    private final SegmentIndex index;

    /** Written under the lock while PARKED is set; read after a compare-and-set on a word without it. See above. */
    private @Nullable SegmentMapping mapping;

    /** Up to here there are blocks, and touched pages while mapped. Never shrinks. */
    private volatile int limit;

    /** A tail beyond this asks for more space. A stale value asks late or twice, which does no harm. */
    private int wakeAt;

    /** A preparer has this segment on its list. */
    private volatile boolean preparing;

    /** Up to here every record is published, and in the index. */
    @GuardedBy("lock")
    private int walked;

    /** Where the last record starts that is not a batch's member. */
    @GuardedBy("lock")
    private int lastStart;

    @GuardedBy("lock")
    private int mark;

    @GuardedBy("lock")
    private int parkedAppends;

    @GuardedBy("lock")
    private boolean fileUsed;

    @GuardedBy("lock")
    private boolean closed;

    /** The footer is there, or the file is to go: nothing more is done to it. */
    @GuardedBy("lock")
    private boolean finished;

    /** A slot that could be neither published nor given up; -1 for none. The mapping then stays to the end of the process. */
    private volatile long abandonedPosition = -1;

    /** A segment as {@code recovered} found it, or a new one; parked. The header is in the file. */
    ActiveSegment(LogContext log, StreamLog owner, SegmentHeader header, SegmentFile file, RecoveredTail recovered) {
        this.log = log;
        this.owner = owner;
        this.header = header;
        this.headerLength = header.headerLength();
        this.basePosition = header.basePosition();
        this.salt = header.salt();
        this.capacity = header.capacity();
        this.windowEndMillis = header.window().endMillis();
        this.expirationMillis = header.expirationMillis();
        this.recordsBefore = recovered.index().records();
        this.file = file;
        this.tail = SegmentTail.parked(recovered.tail(), recovered.lastSize());
        this.index = recovered.index();
        this.walked = recovered.tail();
        this.lastStart = recovered.lastStart();
        this.mark = header.mark();
        this.limit = recovered.tail();
    }

    StreamLog owner() {
        return owner;
    }

    SegmentHeader header() {
        return header;
    }

    SegmentFile file() {
        return file;
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
            walk(tailOffset());
            return index.records() - recordsBefore;
        } finally {
            lock.unlock();
        }
    }

    /** Where the last record ends; before the first, where the stream ended so far. */
    long endPosition() {
        return endPosition(tail.getAcquire());
    }

    private long endPosition(long word) {
        int end = SegmentTail.tail(word);
        return end == headerLength ? header.previousEnd() : positionAt(end);
    }

    /** Where the next record would begin in this segment. */
    long reservedEnd() {
        return positionAt(SegmentTail.tail(tail.getAcquire()));
    }

    boolean isEmpty() {
        return SegmentTail.tail(tail.getAcquire()) == headerLength;
    }

    boolean isSealed() {
        return SegmentTail.isSealed(tail.getAcquire());
    }

    boolean isMapped() {
        return !SegmentTail.isParked(tail.getAcquire());
    }

    int tailOffset() {
        return SegmentTail.tail(tail.getAcquire());
    }

    long abandonedPosition() {
        return abandonedPosition;
    }

    private long positionAt(int offset) {
        return basePosition + offset - headerLength;
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
            if (end > limit) {
                if (frameBytes > capacity - start) {
                    return FULL;
                }
                prepareFor(end);
                continue;
            }
            SegmentMapping early = log.seam() == null ? null : log.seam().beforeReserve(this);
            if (tail.compareAndSet(word, SegmentTail.next(end, frameBytes))) {
                fill(early == null ? mappingAfterReserve() : early, scratch, draft, start, frameBytes, SegmentTail.lastSize(word));
                if (end > wakeAt) {
                    askForSpace();
                }
                return positionAt(start);
            }
        }
    }

    /** What the mapping is now, wherever the caller stands: to break the rule with, for {@link AppendSeam}. */
    @SuppressWarnings("GuardedBy")
    @Nullable SegmentMapping mappingNow() {
        return mapping;
    }

    /** Only behind a successful compare-and-set on a word without PARKED, which sees the current mapping: see the essay above. */
    @SuppressWarnings("NullAway")
    private SegmentMapping mappingAfterReserve() {
        return mapping;
    }

    private void fill(SegmentMapping target, AppendScratch scratch, Draft draft, int start, int frameBytes, int previousSize) {
        try {
            if (log.seam() != null) {
                log.seam().afterReserve();
            }
            long commitWord = Frames.fill(scratch, target.buffer(), start, draft, 0, previousSize, salt, positionAt(start));
            target.setRelease(start, commitWord);
        } catch (Throwable e) {
            giveUp(target, start, frameBytes, frameBytes, previousSize, e);
            throw e;
        }
    }

    /**
     * Appends a batch, of which readers see all or nothing.
     *
     * @return the batch record's position; the members follow it
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
            if (end > limit) {
                prepareFor(end);
                continue;
            }
            if (tail.compareAndSet(word, SegmentTail.next(end, lastSize))) {
                fillBatch(mappingAfterReserve(), scratch, members, start, batchBytes, lastSize, SegmentTail.lastSize(word));
                if (end > wakeAt) {
                    askForSpace();
                }
                return positionAt(start);
            }
        }
    }

    private void fillBatch(
            SegmentMapping target, AppendScratch scratch, List<Draft> members, int start, int batchBytes, int lastSize, int previousSize) {
        try {
            if (log.seam() != null) {
                log.seam().afterReserve();
            }
            long commitWord =
                    Frames.fillBatch(scratch, target.buffer(), start, members, batchBytes, previousSize, salt, positionAt(start));
            target.setRelease(start, commitWord);
        } catch (Throwable e) {
            giveUp(target, start, batchBytes, lastSize, previousSize, e);
            throw e;
        }
    }

    /**
     * Publishes a reserved slot as padding: one record, or two where the next record's {@code previous size} must land on the second. Where
     * even that fails, the segment is sealed and stays mapped.
     */
    private void giveUp(SegmentMapping target, int start, int slotBytes, int lastSize, int previousSize, Throwable cause) {
        try {
            ByteBuffer buffer = target.buffer();
            int end = start + slotBytes;
            Frames.zero(buffer, start + Long.BYTES, end);
            int first = slotBytes == lastSize ? slotBytes : slotBytes - lastSize;
            if (first < slotBytes) {
                buffer.putLong(start + first,
                        Frames.fillPadding(buffer, start + first, lastSize, first, salt, positionAt(start + first)));
            }
            target.setRelease(start, Frames.fillPadding(buffer, start, first, previousSize, salt, positionAt(start)));
        } catch (Throwable e) {
            // first what others wait for: it needs neither memory nor stack to speak of
            abandonedPosition = basePosition + start - headerLength;
            tail.seal();
            cause.addSuppressed(e);
            log.events().failed("publish", header.key().text(), cause);
        }
    }

    /** Under the lock, by position: the whole write first, then the word. A failed write is cut off again. */
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
                        WalClosedException.NO_POSITION, null);
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
            addParked(drafts, start);
            tail.setParked(start + totalBytes, lastSize);
            raiseMarkInFile(MARK_STRIDE_BYTES);
            return positionAt(start);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void writeParked(AppendScratch scratch, List<Draft> drafts, int start, int totalBytes, int previousSize) {
        ParkedFrames frames = new ParkedFrames(salt);
        try {
            if (drafts.size() == 1) {
                frames.add(scratch, drafts.get(0), previousSize, positionAt(start));
            } else {
                frames.addBatch(scratch, drafts, totalBytes, previousSize, positionAt(start));
            }
            useFile();
            file.write(start, frames.buffers());
        } catch (IOException e) {
            cutBackTo(start, e);
            throw StorageErrors.translate("append", e, file.path(), header.key().text(), positionAt(start), totalBytes);
        } finally {
            frames.release();
        }
    }

    @GuardedBy("lock")
    private void addParked(List<Draft> drafts, int start) {
        int at = drafts.size() == 1 ? start : start + BatchLayout.FRAME_BYTES;
        for (Draft draft : drafts) {
            index.add(at, draft.timestampMillis());
            at += (int) draft.frameBytes();
        }
        lastStart = start;
        walked = at;
    }

    @GuardedBy("lock")
    private void cutBackTo(int length, Throwable cause) {
        try {
            file.truncate(length);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    // ---------------------------------------------------------------- space

    /** Grows until a record can end at {@code end}, and no further: the rest is for the preparer. Helps where the preparer is behind. */
    private void prepareFor(int end) {
        lock.lock();
        try {
            while (limit < end && isAppendableMapped()) {
                growOnce(Math.max(end, grownLimit()));
            }
        } catch (IOException e) {
            throw StorageErrors.translate("prepare space", e, file.path(), header.key().text(), positionAt(end), end - limit);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean isAppendableMapped() {
        long word = tail.getAcquire();
        return !SegmentTail.isSealed(word) && !SegmentTail.isParked(word);
    }

    private void askForSpace() {
        wakeAt = Integer.MAX_VALUE;
        if (!preparing) {
            preparing = true;
            log.preparer().prepare(this);
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
            if (!isAppendableMapped() || limit - tailOffset() > aheadBytes(limit)) {
                setWakeAt();
                return false;
            }
            walk(tailOffset());
            raiseMarkInMapping();
            if (limit < capacity) {
                growOnce(grownLimit());
            }
            setWakeAt();
            return limit < capacity && limit - tailOffset() <= aheadBytes(limit);
        } catch (IOException e) {
            // the append that runs out of space will say so to its caller
            setWakeAt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the successor should be prepared: what is left is prepared, and wanted. */
    boolean isNearlyFull() {
        return limit == capacity && tailOffset() > capacity / 2;
    }

    /** Doubling from a page on. */
    private int grownLimit() {
        return (int) Math.min(capacity, (long) limit + Math.max(PAGE_BYTES, Math.min(MAX_GROWTH_BYTES, limit)));
    }

    /** With less than this before the limit more is prepared. */
    private static int aheadBytes(int limit) {
        return Math.min(MAX_GROWTH_BYTES, limit / 2);
    }

    /** Behind the middle of a segment that is all prepared, the successor is wanted; then nothing more. */
    @GuardedBy("lock")
    private void setWakeAt() {
        if (limit < capacity) {
            wakeAt = limit - aheadBytes(limit);
        } else {
            wakeAt = isNearlyFull() ? Integer.MAX_VALUE : capacity / 2;
        }
    }

    /** Zeros, which allocate; then a touch of the new pages; then the limit. One step. */
    @GuardedBy("lock")
    private void growOnce(int target) throws IOException {
        int from = limit;
        int to = Math.min(target, from + STEP_BYTES);
        SegmentMapping current = mapping;
        if (current == null) {
            return;
        }
        useFile();
        try {
            file.zero(from, to);
        } catch (IOException e) {
            cutBackTo(from, e);
            throw e;
        }
        current.touch(from, to);
        limit = to;
        setWakeAt();
    }

    // ---------------------------------------------------------------- parking and resuming

    /** Opens the descriptor, with a seat for it. */
    @GuardedBy("lock")
    private void useFile() {
        if (!log.files().admit(fileTenant)) {
            throw new TooManyOpenFilesException("every descriptor the log may hold is in use: maxOpenFiles=" + log.files().limit()
                    + ", file=" + file.path() + "; raise maxOpenFiles, or append from fewer threads at once",
                    file.path(), header.key().text(), WalIOException.NO_POSITION, null);
        }
        fileUsed = true;
    }

    @GuardedBy("lock")
    private void closeFile() {
        file.close();
        log.files().leave(fileTenant);
    }

    /** Maps a parked segment. False where there is no seat, no space, or no mapping in this storage: it stays parked. */
    @GuardedBy("lock")
    private boolean resume() {
        parkedAppends = 0;
        if (!log.mappings().admit(mappingTenant)) {
            return false;
        }
        SegmentMapping created = null;
        int end = tailOffset();
        try {
            useFile();
            created = file.map(capacity);
            if (created != null) {
                // an appender may have read the limit before the park, so there must be space up to it again
                int resumed = Math.min(capacity, Math.max(limit, end + PAGE_BYTES - 1 & -PAGE_BYTES));
                // to the tail first: a write that failed may have left something behind it, which would look published
                file.truncate(end);
                file.zero(end, resumed);
                created.touch(end & -PAGE_BYTES, resumed);
                limit = resumed;
                mapping = created;
                setWakeAt();
                tail.resume();
                return true;
            }
        } catch (IOException | TooManyOpenFilesException e) {
            // no space to prepare, no more mappings or descriptors: by position it may still go on, or say what is wrong
            notResumed(created, end, e);
        } catch (RuntimeException | Error e) {
            notResumed(created, end, e);
            throw e;
        }
        log.mappings().leave(mappingTenant);
        return false;
    }

    @GuardedBy("lock")
    private void notResumed(@Nullable SegmentMapping created, int end, Throwable cause) {
        if (created != null) {
            created.unmap();
        }
        if (file.isOpen()) {
            cutBackTo(end, cause);
        }
        log.mappings().leave(mappingTenant);
    }

    /** Parks a mapped segment that isn't sealed. False where a slot stayed unpublished for so long: it stays mapped. */
    @GuardedBy("lock")
    private boolean park(long maxWaitNanos) {
        SegmentMapping current = mapping;
        if (current == null) {
            return true;
        }
        int progress;
        int walks = 0;
        do {
            progress = walked;
            walk(tailOffset());
        } while (walked - progress > PAGE_BYTES && ++walks < WALKS_BEFORE_PARK);
        int end = SegmentTail.tail(tail.park());
        if (!awaitPublished(end, maxWaitNanos)) {
            if (!closed && !isSealed()) {
                tail.resume();
            }
            return false;
        }
        raiseMarkInMapping();
        mapping = null;
        current.unmap();
        try {
            useFile();
            file.truncate(Math.max(end, PAGE_BYTES));
        } catch (IOException | TooManyOpenFilesException e) {
            // the zeros behind the tail stay, and are cut when the segment is resumed, sealed or recovered
            log.events().failed("park", header.key().text(), e);
        }
        return true;
    }

    /** Walks published records without waiting. */
    @GuardedBy("lock")
    private void walk(int to) {
        SegmentMapping current = mapping;
        if (current == null) {
            return;
        }
        ByteBuffer buffer = current.buffer();
        int at = walked;
        while (at < to) {
            long commitWord = current.getAcquire(at);
            if (commitWord == 0) {
                break;
            }
            int flags = buffer.getInt(at + RecordLayout.FLAGS);
            if (!RecordLayout.isControl(flags)) {
                index.add(at, buffer.getLong(at + RecordLayout.TIMESTAMP));
            }
            if (!RecordLayout.isMember(flags)) {
                lastStart = at;
            }
            at += (int) RecordLayout.frameBytes(RecordLayout.headerLength(commitWord), buffer.getInt(at + RecordLayout.CONTENT_LENGTH));
        }
        walked = at;
    }

    /** As the other one; false after {@link #PUBLISH_WAIT_NANOS}. */
    @GuardedBy("lock")
    private boolean awaitPublished(int end) {
        return awaitPublished(end, PUBLISH_WAIT_NANOS);
    }

    /** Walks up to {@code end}, waiting for slots that are not published yet; false after so long. */
    @GuardedBy("lock")
    private boolean awaitPublished(int end, long maxWaitNanos) {
        walk(end);
        if (walked == end || mapping == null) {
            return true;
        }
        long deadline = System.nanoTime() + maxWaitNanos;
        for (int waits = 0; walked < end; waits++) {
            if (waits < SPINS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else {
                if (abandonedPosition >= 0 || System.nanoTime() - deadline > 0) {
                    return false;
                }
                if (waits < SPINS_BEFORE_YIELD + YIELDS_BEFORE_SLEEP) {
                    Thread.yield(); // which may take a time slice of somebody else's
                } else {
                    LockSupport.parkNanos(SLEEP_NANOS);
                }
            }
            walk(end);
        }
        return true;
    }

    @GuardedBy("lock")
    private void raiseMarkInMapping() {
        SegmentMapping current = mapping;
        if (current != null && lastStart > mark) {
            mark = lastStart;
            current.buffer().putInt(SegmentHeaderLayout.MARK, mark);
        }
    }

    /** For parked segments. The mark is a hint: where it can't be written, readers walk further. */
    @GuardedBy("lock")
    private void raiseMarkInFile(int stride) {
        if (lastStart - mark < stride) {
            return;
        }
        try {
            useFile();
            file.write(SegmentHeaderLayout.MARK,
                    ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, lastStart));
            mark = lastStart;
        } catch (IOException e) {
            log.events().failed("raise the mark", header.key().text(), e);
        }
    }

    // ---------------------------------------------------------------- the end of a segment's writable life

    /** No more appends, for ever. Returns the offset at which the data ends. */
    int seal() {
        lock.lock();
        try {
            return SegmentTail.tail(tail.seal());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a sealed segment its final form: cuts it behind the last record, forces it, and writes the footer, which proves that everything
     * before it is durable. Idempotent.
     *
     * @return false where a slot is not published yet: come back later; and where the log was closed meanwhile: the file is the next
     *     writer's
     */
    boolean finish() throws IOException {
        lock.lock();
        try {
            if (finished) {
                return true;
            }
            int end = tailOffset();
            if (closed || !awaitPublished(end)) {
                return false;
            }
            unmapSealed();
            useFile();
            file.truncate(Math.max(end, PAGE_BYTES));
            file.force();
            file.write(end, FooterLayout.encode(header, end, SegmentTail.lastSize(tail.getAcquire()), index));
            log.countFlush();
            finished = true;
            closeFile();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Gives up all it holds, because its file is about to be deleted. False where a slot is not published: then the mapping stays. */
    boolean discard() {
        lock.lock();
        try {
            tail.seal();
            if (finished) {
                return true;
            }
            boolean published = awaitPublished(tailOffset());
            if (published) {
                unmapSealed();
            }
            finished = true;
            closeFile();
            return published;
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
            boolean parked = isSealed() ? awaitPublished(tailOffset()) : park(PUBLISH_WAIT_NANOS);
            if (parked) {
                raiseMarkInMapping();
                unmapSealed();
                raiseMarkInFile(1);
            }
            closeFile();
            log.mappings().leave(mappingTenant);
            return parked;
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is appended any more, and all is published. */
    @GuardedBy("lock")
    private void unmapSealed() {
        SegmentMapping current = mapping;
        if (current != null) {
            tail.park();
            mapping = null;
            current.unmap();
            log.mappings().leave(mappingTenant);
        }
    }

    /** Maps a new segment at once, because its predecessor was busy. */
    void mapNow() {
        lock.lock();
        try {
            if (!closed && !isSealed() && !isMapped()) {
                resume();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes over what was prepared for it, in place of {@link #mapNow()}. */
    void adopt(SegmentMapping prepared, int preparedBytes) {
        lock.lock();
        try {
            if (log.mappings().admit(mappingTenant)) {
                mapping = prepared;
                limit = preparedBytes;
                setWakeAt();
                tail.resume();
            } else {
                prepared.unmap();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The bytes that are the segment's on the disk, or are about to be. */
    long fileBytes() {
        return Math.max(limit, tailOffset());
    }

    /** With its footer. */
    long sealedBytes() {
        lock.lock();
        try {
            return FooterLayout.sealedLength(tailOffset(), headerLength, index.blocks());
        } finally {
            lock.unlock();
        }
    }

    /** Copies what is published now into a new file, which can be opened as this one could. */
    void copyTo(Path target) throws IOException {
        lock.lock();
        try {
            int end = tailOffset();
            if (!awaitPublished(end)) {
                throw new IOException("a slot was reserved and isn't published: file=" + file.path() + "; try again");
            }
            useFile();
            SegmentCopy.copy(StorageBytes.of(file), 0, end, target);
        } finally {
            lock.unlock();
        }
    }

    private final class FileTenant extends ClockPool.Tenant {

        @Override
        @SuppressWarnings("GuardedBy") // a look that may be stale
        boolean wasUsed() {
            boolean used = fileUsed;
            fileUsed = false;
            return used;
        }

        @Override
        @SuppressWarnings("GuardedBy") // tryLock
        boolean tryGo() {
            if (!lock.tryLock()) {
                return false;
            }
            try {
                file.close();
                parkedAppends = 0;
                return true;
            } finally {
                lock.unlock();
            }
        }
    }

    private final class MappingTenant extends ClockPool.Tenant {

        private int tailAtLastLook;

        @Override
        boolean wasUsed() {
            int now = tailOffset();
            boolean used = now != tailAtLastLook;
            tailAtLastLook = now;
            return used;
        }

        @Override
        @SuppressWarnings("GuardedBy") // tryLock
        boolean tryGo() {
            if (!lock.tryLock()) {
                return false;
            }
            try {
                return !isSealed() && park(EVICTION_WAIT_NANOS);
            } finally {
                lock.unlock();
            }
        }
    }
}
