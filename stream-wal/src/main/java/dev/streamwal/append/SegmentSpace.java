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
 * A segment's file: its descriptor, its mapping, and how far there is space in it. Guarded by the segment's lock, but for what the path of
 * an append reads: {@link #limit()} and {@link #wantsMore}.
 *
 * <p>A segment that is mapped has its file open only while space is prepared, and when it is sealed; one that is written by position as long as it
 * is appended to. Space is prepared ahead: zeros are written past the end of the file, which allocates blocks or reports a full disk, then the new pages
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

    private final LogContext log;
    private final SegmentFile file;
    private final String stream;
    private final int capacity;

    /** Null where the segment is written by position, and where nobody is in it any more. */
    private @Nullable SegmentMapping mapping;

    /** Up to here there are blocks, and touched pages while mapped. Never shrinks. */
    private volatile int limit;

    /** A tail beyond this asks for more space. A stale value asks late or twice, which does no harm. */
    private int wakeAt;

    private int mark;

    /** Whether it is counted as one that has its file open. */
    private boolean isOpen;

    /**
     * Of a segment whose data ends at {@code tail}.
     *
     * @param limit up to there is space
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

    /** Of a segment that is appended to: it is counted until it has given up its mapping, or its descriptor. */
    void holds() {
        if (mapping == null) {
            isOpen = true;
            log.opened();
        } else {
            log.mapped();
        }
    }

    /** As long as the lock is held. */
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

    /** Nobody is in the mapping any more. */
    void unmap() {
        SegmentMapping current = mapping;
        if (current != null) {
            mapping = null;
            current.unmap();
            log.unmapped();
        }
    }

    // ---------------------------------------------------------------- the file: another writer's, where the right to write was lost

    void closeFile() {
        file.close();
        if (isOpen) {
            isOpen = false;
            log.closed();
        }
    }

    /** Cuts the prepared zeros off. Where that fails, they are cut when the segment is recovered. */
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
            file.write(SegmentHeaderLayout.MARK,
                    ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, lastStart));
            mark = lastStart;
        } catch (IOException e) {
            log.events().failed("raise the mark", stream, e);
        }
    }
}
