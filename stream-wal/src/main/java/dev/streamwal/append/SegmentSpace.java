package dev.streamwal.append;

import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A segment's file: its descriptor, its mapping, and how far there is space in it. Guarded by the segment's lock, except what the path of an
 * append reads: {@link #limit()} and {@link #wantsMore}.
 *
 * <p>A mapped segment has its file open only while space is prepared, and when it is sealed; a segment written by position, while it is
 * appended to. Space is prepared ahead: zeros are written past the end of the file, which allocates blocks or reports a full disk; then the
 * new pages are touched; only then is the limit raised. So no page is ever touched that has no block behind it.
 */
final class SegmentSpace {

    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;
    /**
     * How much is prepared at a time under the lock. A step takes some 50 µs, unless the kernel throttles a process that writes more than the disk
     * takes: then some ms per 100 KiB. A committer's leader waits for one step of a stream, and all committing threads wait for the leader.
     */
    static final int STEP_BYTES = 128 << 10;
    /**
     * So many bytes of a segment that isn't mapped are written between two looks at the disk's free space. A log may have as many such segments as
     * streams.
     */
    private static final int CHECKED_BYTES = 16 << 10;
    /** Preparing further ahead gains nothing and costs memory that may not be used. */
    static final int MAX_GROWTH_BYTES = 16 << 20;

    private final LogContext log;
    private final SegmentFile file;
    private final String stream;
    private final int capacity;

    /** Null if the segment is written by position, and after it was unmapped. */
    private @Nullable SegmentMapping mapping;

    /** Up to this offset there are blocks, and touched pages while mapped. Never shrinks. */
    private volatile int limit;

    /** A tail beyond this offset requests more space. A stale value requests late or twice, which does no harm. */
    private int wakeAt;

    private int mark;

    /** Whether it counts as a segment with an open file. */
    private boolean isOpen;

    /**
     * The space of a segment whose data ends at {@code tail}.
     *
     * @param limit the end of its space
     */
    SegmentSpace(LogContext log, SegmentFile file, SegmentHeader header, int tail, @Nullable SegmentMapping mapping, int limit) {
        this.log = log;
        this.file = file;
        this.stream = header.key().text();
        this.capacity = header.capacity();
        this.mapping = mapping;
        this.limit = limit;
        this.mark = header.mark();
        setWakeAt(tail);
    }

    /** For a segment that is appended to: it counts until it has released its mapping or its descriptor. */
    void holds() {
        if (mapping == null) {
            isOpen = true;
            log.opened();
        } else {
            log.mapped();
        }
    }

    /** Valid while the lock is held. */
    @Nullable SegmentMapping mapping() {
        return mapping;
    }

    int limit() {
        return limit;
    }

    boolean wantsMore(int end) {
        return end > wakeAt;
    }

    /** The preparer was asked; until it has run, it isn't asked again. */
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
        log.checkFreeSpace(to - from);
        try {
            file.zero(from, to);
        } catch (IOException e) {
            cutBackTo(from, e);
            throw e;
        }
        current.touch(from, to);
        limit = to;
        setWakeAt(tail);
        log.events().appendHasRoom();
    }

    /** Called before a segment that isn't mapped grows: looks once in {@link #CHECKED_BYTES}. */
    void checkFreeSpace(int from, int to) throws IOException {
        if (from / CHECKED_BYTES != to / CHECKED_BYTES) {
            log.checkFreeSpace(to - from);
            log.events().appendHasRoom();
        }
    }

    /** Doubles, beginning with a page. */
    int nextLimit() {
        return (int) Math.min(capacity, (long) limit + Math.max(PAGE_BYTES, Math.min(MAX_GROWTH_BYTES, limit)));
    }

    /** Whether there is more to prepare, and it is time to. */
    boolean isShort(int tail) {
        return limit < capacity && limit - tail <= aheadBytes();
    }

    /** When less than this is left before the limit, more is prepared. */
    private int aheadBytes() {
        return Math.min(MAX_GROWTH_BYTES, limit / 2);
    }

    /** Whether all space is prepared and half of it used: then the successor is needed. */
    boolean isNearlyFull(int tail) {
        return limit == capacity && tail > capacity / 2;
    }

    /** After the middle of a fully prepared segment the successor is requested; then nothing more. */
    void setWakeAt(int tail) {
        if (limit < capacity) {
            wakeAt = limit - aheadBytes();
        } else {
            wakeAt = isNearlyFull(tail) ? Integer.MAX_VALUE : capacity / 2;
        }
    }

    /** Called when no thread uses the mapping any more. */
    void unmap() {
        SegmentMapping current = mapping;
        if (current != null) {
            mapping = null;
            current.unmap();
            log.unmapped();
        }
    }

    // ---------------------------------------------------------------- the file: another writer's, if the lock was lost

    void closeFile() {
        file.close();
        if (isOpen) {
            isOpen = false;
            log.closed();
        }
    }

    /** Cuts the prepared zeros off. If that fails, recovery cuts them. */
    void cutBehind(int tail) {
        if (log.fence().isLost()) {
            return;
        }
        try {
            file.truncate(Math.max(tail, PAGE_BYTES));
        } catch (IOException e) {
            log.events().failed("cut", stream, e);
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

    /** @param lastStart of a published record */
    void raiseMarkInMapping(int lastStart) {
        SegmentMapping current = mapping;
        if (current != null && lastStart > mark && !log.fence().isLost()) {
            mark = lastStart;
            current.buffer().putInt(SegmentHeaderLayout.MARK, mark);
        }
    }

    /**
     * For a file that isn't mapped, if the mark is {@code stride} behind. The mark is a hint: if it can't be written, readers walk further.
     */
    void raiseMarkInFile(int lastStart, int stride) {
        if (lastStart - mark < stride || log.fence().isLost()) {
            return;
        }
        try {
            file.write(SegmentHeaderLayout.MARK,
                    ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, lastStart));
            mark = lastStart;
        } catch (IOException e) {
            log.events().failed("raise the mark", stream, e);
        }
    }
}
