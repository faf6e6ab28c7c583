package dev.streamwal.segment;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.RecoveredTail;

/**
 * Follows the records of a segment, each once and in order, and collects what the footer and the mark will say: data counts whether readers see it or
 * not. Not thread-safe.
 */
public final class TailBuilder {

    private final SegmentIndex index;
    private int end;
    private int lastSize;
    private int lastStart;

    /** Continues behind these records. */
    public TailBuilder(RecoveredTail before) {
        this.index = before.index();
        this.end = before.tail();
        this.lastSize = before.lastSize();
        this.lastStart = before.lastStart();
    }

    /** Adds the next record; what stands between it and the one before doesn't count. */
    public void add(int offset, int flags, long timestampMillis, int frameBytes) {
        if (!RecordLayout.isControl(flags)) {
            index.add(offset, timestampMillis);
        }
        if (!RecordLayout.isMember(flags)) {
            lastStart = offset;
        }
        lastSize = frameBytes;
        end = offset + frameBytes;
    }

    /** Offset behind the last record. */
    public int end() {
        return end;
    }

    /** The size of the last record's frame; 0 for none. */
    public int lastSize() {
        return lastSize;
    }

    /** Offset of the last record that is no member of a batch; 0 for none. */
    public int lastStart() {
        return lastStart;
    }

    /** The index of the records up to {@link #end()}. */
    public SegmentIndex index() {
        return index;
    }

    /** @param tail where the data ends: behind the last record, or behind damage that follows it */
    public RecoveredTail at(int tail) {
        return new RecoveredTail(tail, lastSize, lastStart, index);
    }
}
