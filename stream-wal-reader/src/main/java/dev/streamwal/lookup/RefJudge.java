package dev.streamwal.lookup;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.IndexSoFar;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Tells what is at offsets of a segment, given in ascending order. It walks the records up to there, because only a walk can distinguish the middle
 * of a record from a damaged record. One thread; close it.
 */
public final class RefJudge implements AutoCloseable {

    /** What is at an offset. */
    public enum Judgement {
        /** A record starts there, and verifies. */
        RECORD,
        /** A record starts there, and verifies, but this version doesn't know its flags. */
        TOO_NEW,
        /** No record starts there: the offset is in the middle of one, or after the end. */
        NO_RECORD,
        /** The data ends there, for now. */
        END,
        /** The bytes there, or those just before, don't verify, so that it can't be told whether a record starts there. */
        DAMAGED
    }

    private final SegmentReader reader;
    private final SegmentScan scan;
    private final SegmentEnd end;
    /** To which it adds the records that it passes; null if the segment has a footer, or keeps no index. */
    private final @Nullable IndexSoFar soFar;

    private boolean onRecord;
    /** Where the scan stopped last; it goes on at {@link #gapEnd}, the next record that verifies. */
    private long gapStart = Long.MAX_VALUE;
    private long gapEnd = Long.MAX_VALUE;
    private boolean isGapDamage;

    /**
     * The caller closes the reader.
     *
     * @param end by {@link PositionLookup#end}; offsets after it must not be asked for
     */
    public RefJudge(SegmentReader reader, SegmentEnd end) throws IOException {
        this.reader = reader;
        this.end = end;
        this.soFar = end.footer() == null ? reader.segment().indexToAddTo() : null;
        this.scan = new SegmentScan(reader, reader.header());
        if (end.isFinal()) {
            scan.limit(end.offset());
        }
    }

    /** @param offset the same as in the call before, or greater */
    public Judgement judge(long offset) throws IOException {
        if (offset % RecordLayout.ALIGNMENT != 0) {
            return Judgement.NO_RECORD;
        }
        jumpTowards(offset);
        while (true) {
            if (offset >= gapStart && offset < gapEnd) {
                return isGapDamage ? Judgement.DAMAGED : offset == gapStart ? Judgement.END : Judgement.NO_RECORD;
            }
            if (onRecord && offset < scan.nextOffset()) {
                return offset != scan.offset() ? Judgement.NO_RECORD : scan.isTooNew() ? Judgement.TOO_NEW : Judgement.RECORD;
            }
            step();
        }
    }

    private void step() throws IOException {
        onRecord = scan.next();
        if (onRecord) {
            if (soFar != null) {
                soFar.add(scan);
            }
            return;
        }
        if (scan.isTooNew()) {
            scan.skip();
            onRecord = true;
            return;
        }
        ScanStop stop = scan.judge();
        gapStart = scan.offset();
        gapEnd = scan.nextValid() < 0 ? Long.MAX_VALUE : scan.nextValid();
        isGapDamage = !isEnd(stop, gapStart);
        if (gapEnd != Long.MAX_VALUE) {
            scan.seek(gapEnd);
        }
    }

    /** Whether nothing was lost there: the place is empty, or was cut off, and nothing shows that there was a record. */
    private boolean isEnd(ScanStop stop, long stopped) throws IOException {
        if (stop == ScanStop.CORRUPT || stop == ScanStop.TORN_TAIL) {
            return false;
        }
        if (stopped >= (end.by() == SegmentEnd.By.FILE ? reader.markedTo() : end.offset())) {
            return true;
        }
        if (end.isFinal() || stopped + RecordLayout.PREFIX_BYTES > reader.size()) {
            return false;
        }
        // a slot that isn't published yet, unless the mark shows that everything up to the mark was published
        int mark = reader.mark();
        return mark < stopped || scan.verifies(mark);
    }

    /**
     * Moves the scan to the last block that begins at or before the offset: the footer of a sealed segment lists the first record of each block, and so does
     * the index of what was read of one that isn't sealed.
     */
    private void jumpTowards(long offset) {
        SegmentIndex index = index();
        if (index == null) {
            return;
        }
        for (int block = index.blocks() - 1; block >= 0 && index.firstOffset(block) > scan.nextOffset(); block--) {
            if (index.firstOffset(block) <= offset) {
                scan.seek(index.firstOffset(block));
                onRecord = false;
                return;
            }
        }
    }

    private @Nullable SegmentIndex index() {
        Footer footer = end.footer();
        if (footer != null) {
            return footer.index();
        }
        return soFar == null ? null : soFar.index();
    }

    @Override
    public void close() {
        if (soFar != null) {
            reader.segment().keep(soFar);
        }
        scan.close();
    }
}
