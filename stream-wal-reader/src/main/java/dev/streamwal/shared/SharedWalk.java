package dev.streamwal.shared;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.segment.DamageDoubt;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A walk through a shared segment, which hands on its records. It goes on where it stopped: at a slot that isn't published, or at the end. Damaged records are
 * left out, and positions of later records show which ones are missing. Guarded by its owner.
 */
final class SharedWalk {

    private final Segment file;
    private final SharedRecords records;

    /**
     * About a published slot that doesn't verify, in a segment that may still be appended to. It is asked after a later record was seen. In a mapping, a slot
     * is published after all its bytes were written. If slots are written by position, readers may see a part of a slot while it is written; but the next
     * append begins only after that write. So a look that begins after a later record was seen sees the whole slot: the order matters. More than one look
     * is needed because a recovery may just be turning the slot into padding.
     */
    private final DamageDoubt doubt = new DamageDoubt();

    /** The first damage found; the stream to which it belongs is unknown. */
    private @Nullable CorruptSegmentException damage;

    /** The fault where the walk has stopped, which is damage unless the data ends there; null if it may be a record that is being written. */
    private @Nullable String faultAtEnd;

    /** Offset where the walk continues; 0 before it has begun. */
    private long offset;

    private boolean isComplete;

    /** @param records receives the records */
    SharedWalk(Segment file, SharedRecords records) {
        this.file = file;
        this.records = records;
    }

    /** Offset where it continues; 0 before it has begun. */
    long offset() {
        return offset;
    }

    /** Whether all of the segment has been walked, and no record can follow. */
    boolean isComplete() {
        return isComplete;
    }

    /** The first damage found. */
    @Nullable CorruptSegmentException damage() {
        return damage;
    }

    /** Notes that the segment can't be walked at all. */
    void fails(CorruptSegmentException why) {
        damage = why;
        isComplete = true;
        records.damaged();
    }

    void on(SegmentScan scan, SegmentEnd end) throws IOException {
        on(scan, end, end.isFinal());
    }

    /** @param isFinal whether no record can follow, however that is known */
    void on(SegmentScan scan, SegmentEnd end, boolean isFinal) throws IOException {
        if (isFinal) {
            scan.limit(end.offset());
        }
        if (offset == 0) {
            records.begin(scan.header());
        } else {
            scan.seek(offset);
        }
        walk(scan, isFinal, end.offset());
        isComplete = isFinal;
    }

    private void walk(SegmentScan scan, boolean isFinal, long end) throws IOException {
        faultAtEnd = null;
        while (true) {
            walkRecords(scan);
            if (scan.isEnd() || (scan.isEmpty() && !isFinal)) {
                return;
            }
            // a hole, or damage: positions of later records show which records are missing
            var unused = scan.judge();
            if (!isFinal && scan.nextValid() >= 0 && doubt.remains(scan.offset())) {
                scan.seek(scan.offset());
                continue;
            }
            if (scan.nextValid() < 0) {
                if (isFinal) {
                    damaged(scan.fault(), offset, end - offset);
                } else {
                    faultAtEnd = scan.fault();
                }
                return;
            }
            damaged(scan.fault(), offset, scan.nextValid() - offset);
            scan.seek(scan.nextValid());
        }
    }

    private void walkRecords(SegmentScan scan) throws IOException {
        try {
            while (scan.next()) {
                records.add(scan);
                offset = scan.nextOffset();
            }
        } finally {
            records.settle();
        }
    }

    /** Whether it has stopped at a fault that is damage if the data ends behind that place. */
    boolean hasFaultAtEnd() {
        return faultAtEnd != null;
    }

    /** Notes damage if there is a fault where it has stopped, because the data ends behind that place. */
    void endsBehind(long end) {
        String fault = faultAtEnd;
        if (fault != null) {
            damaged(fault, offset, end - offset);
        }
    }

    /** Notes damage. The first one is kept. */
    void damaged(String fault, long from, long length) {
        records.damaged();
        if (damage == null) {
            damage = new CorruptSegmentException("shared segment is damaged (" + fault + "): file=" + file.file() + ", offset=" + from
                    + ", length=" + length, file.file(), file.key().text(), file.basePosition(), from, length, null);
        }
    }
}
