package dev.streamwal.lookup;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    private final @Nullable Footer footer;
    private final long writtenTo;

    private boolean onRecord;
    private long holeStart = Long.MAX_VALUE;
    private long holeEnd = Long.MAX_VALUE;
    private long damageStart = Long.MAX_VALUE;
    private long damageEnd = Long.MAX_VALUE;
    private long end = Long.MAX_VALUE;

    /**
     * The caller closes the reader.
     *
     * @param writtenTo see {@link PositionLookup#writtenTo}
     */
    public RefJudge(SegmentReader reader, long writtenTo) throws IOException {
        this.reader = reader;
        this.writtenTo = writtenTo;
        Optional<Footer> found = reader.footer();
        this.footer = found.orElse(null);
        this.scan = new SegmentScan(reader, reader.header());
        found.ifPresent(known -> scan.limit(known.dataEnd()));
    }

    /** @param offset at or behind the one of the call before */
    public Judgement judge(long offset) throws IOException {
        if (offset % RecordLayout.ALIGNMENT != 0) {
            return Judgement.NO_RECORD;
        }
        jumpTowards(offset);
        while (true) {
            if (offset >= end) {
                return offset == end ? Judgement.END : Judgement.NO_RECORD;
            }
            if (offset >= holeStart && offset < holeEnd) {
                return offset == holeStart ? Judgement.END : Judgement.NO_RECORD;
            }
            if (offset >= damageStart && offset < damageEnd) {
                return Judgement.DAMAGED;
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
        long stopped = scan.offset();
        long nextValid = scan.nextValid();
        if (isEnd(stop, stopped)) {
            if (nextValid < 0) {
                end = stopped;
            } else {
                // a slot that is not published yet, and records behind it that are
                holeStart = stopped;
                holeEnd = nextValid;
                scan.seek(nextValid);
            }
            return;
        }
        damageStart = stopped;
        damageEnd = nextValid >= 0 ? nextValid : Math.max(stopped + 1, footer != null ? writtenTo : Math.max(writtenTo, reader.size()));
        scan.seek(damageEnd);
        if (nextValid < 0) {
            end = damageEnd;
        }
    }

    /** Whether nothing was lost there: a place that is empty, or cut off, where nobody says that there was something. */
    private boolean isEnd(ScanStop stop, long stopped) throws IOException {
        if (stop == ScanStop.CORRUPT || stop == ScanStop.TORN_TAIL) {
            return false;
        }
        if (stopped >= writtenTo) {
            return true;
        }
        if (footer != null || stopped + RecordLayout.PREFIX_BYTES > reader.size()) {
            return false;
        }
        // a slot that is not published yet, unless the mark says that all of this was
        int mark = reader.mark();
        return mark < stopped || scan.verifies(mark);
    }

    /** A sealed segment has the first record of every block in its footer. */
    private void jumpTowards(long offset) {
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

    /** Of the record at the offset asked for last, where that was one: the frame with its padding. */
    public int frameBytes() {
        return scan.frameBytes();
    }

    /** Whether the record at the offset asked for last is a data record. */
    public boolean isData() {
        return scan.isData();
    }

    @Override
    public void close() {
        scan.close();
    }
}
