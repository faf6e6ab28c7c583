package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.io.FileConsumer;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One segment's part of a {@link BackwardScan}: its records from an end down to the first. Each record has the size of the one before. If that size isn't known
 * or leads to no record, a walk forwards finds the record before: from the segment's mark, or from the first record of a block. The footer lists the blocks;
 * without a footer such a list is made. One thread; close it.
 */
final class BackwardPass implements StreamWalk.Pass {

    /** The result of a step. */
    enum Step {
        /** To a record to hand out. */
        RECORD,
        /** Before a record that isn't handed out. */
        PASSED,
        /** To a record of a newer version. */
        TOO_NEW,
        /** To a gap without records: {@link SegmentPass#scan()} has stopped at its start, {@link #gapEnd()} is its end. */
        GAP,
        /** To the first record. */
        FINISHED
    }

    private static final int UNKNOWN = -1;

    private final SegmentPass pass;
    private final SegmentScan scan;

    /** Everything from this offset on has been passed. */
    private long top;
    private long gapEnd;
    /** Whether the scan's next step back leads to the record that ends at the top; below, whether that record was just found by a walk forwards. */
    private boolean placed;
    private boolean found;

    private @Nullable SegmentIndex blocks;
    private boolean isMarkUsed;
    /** The end and size of the record before a gap, and whether only the gap is to be looked at again. */
    private long foundEnd;
    private int foundSize;
    private boolean looking;

    private BackwardPass(SegmentPass pass) {
        this.pass = pass;
        this.scan = pass.scan();
    }

    /**
     * Begins at the end of the segment's data, which its footer or the next segment tells.
     *
     * @param previousEnd stream position where the data ends by the next segment's header; -1 if that isn't known
     */
    static BackwardPass ofAll(Segment segment, LogSource log, long previousEnd) throws IOException {
        return open(segment, log, pass -> pass.startAtEnd(previousEnd));
    }

    /**
     * Begins at an offset where a record begins or the data ends.
     *
     * @param lastSize of the record that ends there; 0 if it isn't known
     */
    static BackwardPass below(Segment segment, LogSource log, long offset, int lastSize) throws IOException {
        return open(segment, log, pass -> pass.startAt(offset, lastSize));
    }

    private static BackwardPass open(Segment segment, LogSource log, FileConsumer<BackwardPass> start) throws IOException {
        BackwardPass opened = new BackwardPass(SegmentPass.open(segment, log, TimeRange.ALL, UNKNOWN, ReadSizes.small(log.settings())));
        try {
            start.accept(opened);
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private void startAtEnd(long previousEnd) throws IOException {
        SegmentEnd end = pass.reader().end().orByNext(scan.header(), previousEnd);
        Footer footer = end.footer();
        if (footer != null) {
            place(end.offset(), footer.lastRecordSize());
        } else {
            top = Math.max(first(), end.offset());
        }
    }

    private void startAt(long offset, int lastSize) throws IOException {
        Optional<Footer> footer = pass.reader().footer();
        if (offset == first()) {
            place(offset, 0);
        } else if (lastSize > 0) {
            place(offset, lastSize);
        } else if (footer.isPresent() && footer.get().dataEnd() == offset) {
            place(offset, footer.get().lastRecordSize());
        } else {
            top = offset;
            scan.seek(offset);
            placed = scan.next();
        }
    }

    /** Makes the next step go back from an offset by a size. */
    private void place(long offset, int size) {
        top = offset;
        scan.seekBehind(offset, size);
        placed = true;
    }

    private long first() {
        return scan.header().headerLength();
    }

    // ---- moving

    /** One record back. */
    Step step() throws IOException {
        while (top > first()) {
            if (!placed && findForwards()) {
                return Step.GAP;
            }
            if (!placed) {
                continue;
            }
            if (scan.previous()) {
                top = scan.offset();
                found = false;
                return pass.isShown() ? Step.RECORD : Step.PASSED;
            }
            if (scan.isTooNew()) {
                top = scan.offset();
                found = false;
                return Step.TOO_NEW;
            }
            placed = false;
        }
        return Step.FINISHED;
    }

    /** Goes on before the record of a newer version. */
    void skipTooNew() {
        scan.seekBehind(top, scan.previousSize());
    }

    long gapEnd() {
        return gapEnd;
    }

    /** Goes on before the gap. */
    void passGap() {
        place(foundEnd, foundSize);
        found = true;
    }

    /** Looks at the gap again. */
    void retry() {
        looking = true;
    }

    /** Looks for the record before the top; returns whether there is a gap between them. */
    private boolean findForwards() throws IOException {
        // a record that a walk forwards found, and the step back didn't, must not be found again
        if (!looking) {
            find(found ? top - RecordLayout.ALIGNMENT : top);
        }
        looking = false;
        if (foundEnd == top) {
            passGap();
            return false;
        }
        gapEnd = top;
        scan.seek(foundEnd);
        if (!scan.next()) {
            return true;
        }
        // a record was published since; or the record reaches beyond the top, because the end of the data may have moved to before the record's end
        if (found || scan.nextOffset() > top) {
            passGap();
        }
        return false;
    }

    // ---- forwards

    private void find(long limit) throws IOException {
        foundEnd = first();
        foundSize = 0;
        scan.readAheadTo(limit);
        SegmentIndex known = blocks;
        if (known == null) {
            known = pass.reader().footer().map(Footer::index).orElse(null);
        }
        if (known == null) {
            findFromMark(limit);
            if (foundSize == 0) {
                SegmentIndex made = new SegmentIndex();
                walk(first(), limit, made);
                blocks = made;
            }
            return;
        }
        blocks = known;
        long end = limit;
        for (int block = known.blocks() - 1; block >= 0 && foundSize == 0; block--) {
            if (known.firstOffset(block) < end) {
                walk(known.firstOffset(block), end, null);
                end = known.firstOffset(block);
            }
        }
        if (foundSize == 0) {
            walk(first(), end, null);
        }
    }

    /** Only once: after that there is a list of blocks. */
    private void findFromMark(long limit) throws IOException {
        int mark = pass.reader().mark();
        if (!isMarkUsed && mark > first() && mark < limit && scan.verifies(mark)) {
            isMarkUsed = true;
            walk(mark, limit, null);
        }
    }

    /**
     * Remembers the last record that ends at or before a limit.
     *
     * @param index to which every record is added, so that a later search needn't begin so far away; null for none
     */
    private void walk(long from, long limit, @Nullable SegmentIndex index) throws IOException {
        scan.seek(from);
        while (scan.nextOffset() < limit) {
            long at = scan.nextOffset();
            if (scan.next() || scan.isTooNew()) {
                if (at + scan.frameBytes() > limit) {
                    return;
                }
                remember(at, index);
                continue;
            }
            long valid = scan.isEnd() ? UNKNOWN : scan.findValid(at + RecordLayout.ALIGNMENT, limit);
            if (valid < 0) {
                return;
            }
            scan.seek(valid);
        }
    }

    private void remember(long at, @Nullable SegmentIndex index) {
        foundEnd = at + scan.frameBytes();
        foundSize = scan.frameBytes();
        if (scan.isTooNew()) {
            scan.skip();
        }
        if (index != null) {
            index.add((int) at, 0);
        }
    }

    // ---- where it stands

    SegmentPass segment() {
        return pass;
    }

    @Override
    public SegmentReader reader() {
        return pass.reader();
    }

    @Override
    public SegmentScan scan() {
        return scan;
    }

    /** Stream position from which on everything has been passed. */
    long passedTo() {
        return scan.header().positionAt(top);
    }

    @Override
    public void close() {
        pass.close();
    }
}
