package dev.streamwal.append;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.storage.SegmentMapping;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Fills the slots that mapped appends have reserved, and publishes them. If filling fails, the slot is published as padding, so that readers
 * can get past it; if even that fails, the segment is sealed, and its mapping stays until the process ends. Thread-safe: each slot belongs to
 * the thread that appends.
 */
final class SlotWriter {

    private static final long NONE = -1;

    private final LogContext log;
    private final SegmentTail tail;
    private final SegmentHeader header;
    private final long firstPosition;
    private final long salt;

    private volatile long abandonedPosition = NONE;

    SlotWriter(LogContext log, SegmentTail tail, SegmentHeader header) {
        this.log = log;
        this.tail = tail;
        this.header = header;
        this.firstPosition = header.basePosition() - header.headerLength();
        this.salt = header.salt();
    }

    void write(SegmentMapping target, AppendScratch scratch, Draft draft, int start, int frameBytes, int previousSize) {
        try {
            pause();
            target.setRelease(start,
                    Frames.fill(scratch, target.buffer(), start, draft, 0, previousSize, salt, firstPosition + start));
        } catch (Throwable e) {
            giveUp(target, start, frameBytes, frameBytes, previousSize, e);
            throw e;
        }
    }

    /** A batch, whose last member has {@code lastSize}. */
    void writeBatch(
            SegmentMapping target, AppendScratch scratch, List<Draft> members, int start, int batchBytes, int lastSize, int previousSize) {
        try {
            pause();
            target.setRelease(start,
                    Frames.fillBatch(scratch, target.buffer(), start, members, batchBytes, previousSize, salt, firstPosition + start));
        } catch (Throwable e) {
            giveUp(target, start, batchBytes, lastSize, previousSize, e);
            throw e;
        }
    }

    private void pause() {
        AppendSeam seam = log.seam();
        if (seam != null) {
            seam.afterReserve();
        }
    }

    /** Writes one padding, or two if the next record's {@code previous size} must lead to the second. */
    private void giveUp(SegmentMapping target, int start, int slotBytes, int lastSize, int previousSize, Throwable cause) {
        try {
            ByteBuffer buffer = target.buffer();
            int end = start + slotBytes;
            Frames.zero(buffer, start + Long.BYTES, end);
            int first = slotBytes == lastSize ? slotBytes : slotBytes - lastSize;
            int second = start + first;
            if (second < end) {
                buffer.putLong(second, Frames.fillPadding(buffer, second, lastSize, first, salt, firstPosition + second));
            }
            target.setRelease(start, Frames.fillPadding(buffer, start, first, previousSize, salt, firstPosition + start));
        } catch (Throwable e) {
            // first what other threads wait for: that takes next to no memory or stack
            abandonedPosition = firstPosition + start;
            tail.seal();
            cause.addSuppressed(e);
            log.events().failed("publish", header.key().text(), cause);
        }
    }

    /** Whether a slot could be neither published nor given up. */
    boolean hasAbandoned() {
        return abandonedPosition != NONE;
    }

    boolean isAbandoned(long position) {
        return position == abandonedPosition;
    }
}
