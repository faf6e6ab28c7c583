package dev.streamwal.append;

import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A segment's file: its descriptor, its mapping, and how far there is space in it. Guarded by the segment's lock, but for what the path of
 * an append reads: {@link #mapping()}, {@link #limit()} and {@link #wantsMore}.
 *
 * <p>Space is prepared ahead: zeros are written past the end of the file, which allocates blocks or reports a full disk, then the new pages
 * are touched, and only then is the limit raised. So no page is ever touched that has no block behind it.
 */
final class SegmentSpace {

    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;
    /**
     * What is prepared at a time under the lock. That takes some 50 µs, unless the kernel holds back who writes more than the disk takes: then
     * some ms for each 100 KiB, and whoever leads a commit of the stream waits for one step, and all who commit wait for him.
     */
    static final int STEP_BYTES = 128 << 10;
    /** Preparing further ahead gains nothing and costs memory that may not be used. */
    private static final int MAX_GROWTH_BYTES = 16 << 20;

    /** A write or a force by somebody else takes no longer, unless the disk is in trouble. */
    private static final long SEAT_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long SEAT_LOOK_NANOS = 20_000;

    private final LogContext log;
    private final SegmentFile file;
    private final String stream;
    private final int capacity;
    private final ClockPool.Tenant fileSeat;
    private final ClockPool.Tenant mappingSeat;

    /** Written while PARKED is set; read after a compare-and-set on a word without it: see the essay in {@link ActiveSegment}. */
    private @Nullable SegmentMapping mapping;

    /** Up to here there are blocks, and touched pages while mapped. Never shrinks. */
    private volatile int limit;

    /** A tail beyond this asks for more space. A stale value asks late or twice, which does no harm. */
    private int wakeAt;

    private int mark;

    SegmentSpace(LogContext log, SegmentFile file, String stream, int capacity, int tail, int mark, ClockPool.Tenant fileSeat,
            ClockPool.Tenant mappingSeat) {
        this.log = log;
        this.file = file;
        this.stream = stream;
        this.capacity = capacity;
        this.limit = tail;
        this.mark = mark;
        this.fileSeat = fileSeat;
        this.mappingSeat = mappingSeat;
    }

    @Nullable SegmentMapping mapping() {
        return mapping;
    }

    int limit() {
        return limit;
    }

    boolean wantsMore(int end) {
        return end > wakeAt;
    }

    /** The preparer has been asked; until it comes, nobody asks again. */
    void asked() {
        wakeAt = Integer.MAX_VALUE;
    }

    // ---------------------------------------------------------------- growing

    /** One step towards {@code target}, while mapped. */
    void grow(int target, int tail) throws IOException {
        SegmentMapping current = mapping;
        if (current == null) {
            return;
        }
        int from = limit;
        int to = Math.min(target, from + STEP_BYTES);
        use();
        try {
            file.zero(from, to);
        } catch (IOException e) {
            cutBackTo(from, e);
            throw e;
        }
        current.touch(from, to);
        limit = to;
        setWakeAt(tail);
    }

    /** Doubling from a page on. */
    int nextLimit() {
        return (int) Math.min(capacity, (long) limit + Math.max(PAGE_BYTES, Math.min(MAX_GROWTH_BYTES, limit)));
    }

    /** Whether there is more to prepare, and it is time to. */
    boolean isShort(int tail) {
        return limit < capacity && limit - tail <= aheadBytes();
    }

    /** With less than this before the limit more is prepared. */
    private int aheadBytes() {
        return Math.min(MAX_GROWTH_BYTES, limit / 2);
    }

    /** All is prepared, and half of it used: the successor is wanted. */
    boolean isNearlyFull(int tail) {
        return limit == capacity && tail > capacity / 2;
    }

    /** Behind the middle of a segment that is all prepared, the successor is wanted; then nothing more. */
    void setWakeAt(int tail) {
        if (limit < capacity) {
            wakeAt = limit - aheadBytes();
        } else {
            wakeAt = isNearlyFull(tail) ? Integer.MAX_VALUE : capacity / 2;
        }
    }

    // ---------------------------------------------------------------- mapping

    /**
     * Maps the file, with space up to where there was some before. False where there is no seat, no space, or no mapping in this
     * storage.
     */
    boolean map(int tail) {
        if (!log.mappings().admit(mappingSeat)) {
            return false;
        }
        SegmentMapping created = null;
        try {
            use();
            created = file.map(capacity);
            if (created != null) {
                // an appender may have read the limit before the park, so there must be space up to it again
                int resumed = Math.min(capacity, Math.max(limit, (tail + PAGE_BYTES - 1) & -PAGE_BYTES));
                // to the tail first: a write that failed may have left something behind it, which would look published
                file.truncate(tail);
                file.zero(tail, resumed);
                created.touch(tail & -PAGE_BYTES, resumed);
                limit = resumed;
                mapping = created;
                setWakeAt(tail);
                return true;
            }
        } catch (IOException | TooManyOpenFilesException e) {
            // no space to prepare, no more mappings or descriptors: by position it may still go on, or say what is wrong
            notMapped(created, tail, e);
        } catch (RuntimeException | Error e) {
            notMapped(created, tail, e);
            throw e;
        }
        log.mappings().leave(mappingSeat);
        return false;
    }

    private void notMapped(@Nullable SegmentMapping created, int tail, Throwable cause) {
        if (created != null) {
            created.unmap();
        }
        if (file.isOpen()) {
            cutBackTo(tail, cause);
        }
        log.mappings().leave(mappingSeat);
    }

    /** Takes over a mapping that was prepared; false where there is no seat, then the mapping is gone. */
    boolean adopt(SegmentMapping prepared, int preparedBytes, int tail) {
        if (!log.mappings().admit(mappingSeat)) {
            prepared.unmap();
            return false;
        }
        mapping = prepared;
        limit = preparedBytes;
        setWakeAt(tail);
        return true;
    }

    /** Nobody is in the mapping any more. The seat stays: whoever asked for it has it, or {@link #leaveMappingSeat()}. */
    void unmap() {
        SegmentMapping current = mapping;
        if (current != null) {
            mapping = null;
            current.unmap();
        }
    }

    void leaveMappingSeat() {
        log.mappings().leave(mappingSeat);
    }

    // ---------------------------------------------------------------- the file: another writer's, where the right to write was lost

    /**
     * Takes a seat for the descriptor, which is opened when it is needed. Where all seats are taken by others in the middle of their I/O,
     * waits a moment for one.
     */
    void use() {
        long deadline = 0;
        while (!log.files().admit(fileSeat)) {
            long now = System.nanoTime();
            if (deadline == 0) {
                deadline = now + SEAT_WAIT_NANOS;
            } else if (now - deadline > 0) {
                throw noSeat();
            }
            LockSupport.parkNanos(SEAT_LOOK_NANOS);
        }
    }

    private TooManyOpenFilesException noSeat() {
        return new TooManyOpenFilesException("every descriptor the log may hold is in use: maxOpenFiles=" + log.files().limit() + ", file="
                + file.path() + "; raise maxOpenFiles, or append from fewer threads at once", file.path(), stream, WalException.NO_POSITION,
                        null);
    }

    /** Gives up the descriptor and its seat. */
    void closeFile() {
        file.close();
        log.files().leave(fileSeat);
    }

    /** Cuts the prepared zeros off. Where that fails, they are cut when the segment is mapped, sealed or recovered. */
    void cutBehind(int tail) {
        if (log.fence().isLost()) {
            return;
        }
        try {
            // somebody may wait for this with a pool's lock: without a seat at once it isn't worth it
            if (log.files().admit(fileSeat)) {
                file.truncate(Math.max(tail, PAGE_BYTES));
            }
        } catch (IOException e) {
            log.events().failed("park", stream, e);
        }
    }

    void cutBackTo(int length, Throwable cause) {
        if (log.fence().isLost()) {
            return;
        }
        try {
            file.truncate(length);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    // ---------------------------------------------------------------- the header's mark

    /** @param lastStart of a record that is published */
    void raiseMarkInMapping(int lastStart) {
        SegmentMapping current = mapping;
        if (current != null && lastStart > mark && !log.fence().isLost()) {
            mark = lastStart;
            current.buffer().putInt(SegmentHeaderLayout.MARK, mark);
        }
    }

    /**
     * Where the file isn't mapped, and the mark is {@code stride} behind. It is a hint: where it can't be written, readers walk
     * further.
     */
    void raiseMarkInFile(int lastStart, int stride) {
        if (lastStart - mark < stride || log.fence().isLost()) {
            return;
        }
        try {
            use();
            file.write(SegmentHeaderLayout.MARK,
                    ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, lastStart));
            mark = lastStart;
        } catch (IOException | TooManyOpenFilesException e) {
            log.events().failed("raise the mark", stream, e);
        }
    }
}
