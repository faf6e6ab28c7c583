package dev.streamwal.lookup;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;

/**
 * Says what stands at offsets of a segment, given in ascending order, by walking the records up to there: only that tells the middle of a
 * record from a damaged one. One thread; close it.
 */
public final class RefJudge implements AutoCloseable {

    /** What stands at an offset. */
    public enum Judgement {
        /** A record starts there, and verifies. */
        RECORD,
        /** A record starts there, and verifies, and this version doesn't know its flags. */
        TOO_NEW,
        /** No record starts there: it is in the middle of one, or behind the end. */
        NO_RECORD,
        /** Nothing stands there (yet): the data ends there. */
        END,
        /** Something doesn't verify there, or so shortly before that it can't be told. */
        DAMAGED
    }

    private final SegmentReader reader;
    private final SegmentScan scan;
    private final SegmentEnd end;

    private boolean onRecord;
    /** Where the scan has stopped last, and where it goes on: at the next record that verifies. */
    private long gapStart = Long.MAX_VALUE;
    private long gapEnd = Long.MAX_VALUE;
    private boolean isGapDamage;

    /**
     * The caller closes the reader.
     *
     * @param end by {@link PositionLookup#end}; no offset is asked for behind it
     */
    public RefJudge(SegmentReader reader, SegmentEnd end) {
        this.reader = reader;
        this.end = end;
        this.scan = new SegmentScan(reader, reader.header());
        if (end.isFinal()) {
            scan.limit(end.offset());
        }
    }

    /** @param offset at or behind the one of the call before */
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

    /** Whether nothing was lost there: a place that is empty, or cut off, where nobody says that there was something. */
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
        // a slot that is not published yet, unless the mark says that all of this was
        int mark = reader.mark();
        return mark < stopped || scan.verifies(mark);
    }

    /** A sealed segment has the first record of every block in its footer. */
    private void jumpTowards(long offset) {
        Footer footer = end.footer();
        if (footer == null) {
            return;
        }
        SegmentIndex index = footer.index();
        for (int block = index.blocks() - 1; block >= 0 && index.firstOffset(block) > scan.nextOffset(); block--) {
            if (index.firstOffset(block) <= offset) {
                scan.seek(index.firstOffset(block));
                onRecord = false;
                return;
            }
        }
    }

    @Override
    public void close() {
        scan.close();
    }
}
