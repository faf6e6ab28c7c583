package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.IndexSoFar;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.segment.TimeSpan;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One segment's part of a {@link StreamScan}: its records in a range of time, up to its footer. By the timestamps in the footer it goes from region
 * to region. A region is a run of blocks, each of which may have a record in the range. One thread; close it.
 */
final class SegmentPass implements StreamWalk.Pass {

    /** The result of a step. */
    enum Step {
        /** To a record to hand out. */
        RECORD,
        /** After a record that isn't handed out. */
        PASSED,
        /** To bytes that are no record, a record of a newer version, or a footer that was written since the segment was opened. */
        STOPPED,
        /** To the end of the data, or of the part that may be in the range, by the footer. */
        FINISHED
    }

    private final SegmentReader reader;
    private final SegmentScan scan;
    private final TimeRange range;
    private @Nullable SegmentIndex index;
    /** While the scan hasn't passed its end, and the segment has no footer: see {@link #passOutside}. */
    private @Nullable TimeSpan span;
    /** To which it adds the records that it reads; null if the segment has a footer, or keeps no index. */
    private @Nullable IndexSoFar soFar;
    private long regionEnd = Long.MAX_VALUE;
    private long dataEnd = Long.MAX_VALUE;

    private SegmentPass(SegmentReader reader, SegmentScan scan, TimeRange range) {
        this.reader = reader;
        this.scan = scan;
        this.range = range;
    }

    /** Opens a pass at the offset of a record, or of the end of the data; at the first record if the offset is -1. */
    static SegmentPass open(Segment segment, LogSource log, TimeRange range, long offset, ReadSizes sizes) throws IOException {
        SegmentReader reader = segment.open(log.channels());
        try {
            Optional<Footer> footer = reader.footer();
            boolean isByTime = footer.isEmpty() && !range.isAll();
            // before the scan takes memory, as this may fail
            TimeSpan span = isByTime ? reader.spanOf(range) : null;
            SegmentScan scan = new SegmentScan(reader.renewed(), reader.header(), sizes);
            SegmentPass pass = new SegmentPass(reader, scan, range);
            if (offset >= 0) {
                scan.seek(offset);
            }
            footer.ifPresent(pass::begin);
            if (span != null) {
                pass.begin(span);
            }
            pass.soFar = isByTime ? segment.indexToAddTo() : null;
            return pass;
        } catch (IOException | RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    private void begin(Footer footer) {
        dataEnd = footer.dataEnd();
        scan.limit(dataEnd);
        regionEnd = dataEnd;
        if (!range.isAll()) {
            index = footer.index();
            regionEnd = scan.nextOffset();
        }
    }

    private void begin(TimeSpan known) {
        span = known;
        scan.readAheadTo(known.to());
    }

    /** Whether its header shows that no record can be in the range: each is before the end of the segment's window. */
    boolean isBeforeRange() throws IOException {
        return reader.header().window().endMillis() <= range.fromMillis() && reader.footer().isEmpty();
    }

    @Override
    public SegmentReader reader() {
        return reader;
    }

    @Override
    public SegmentScan scan() {
        return scan;
    }

    /** One record further. */
    Step step() throws IOException {
        while (scan.nextOffset() >= regionEnd) {
            if (!enterRegion(scan.nextOffset())) {
                return Step.FINISHED;
            }
        }
        if (passOutside()) {
            return Step.PASSED;
        }
        if (!scan.next()) {
            return Step.STOPPED;
        }
        IndexSoFar read = soFar;
        if (read != null) {
            read.add(scan);
        }
        return isShown() ? Step.RECORD : Step.PASSED;
    }

    /** Whether the record that its scan stands on is to be handed out. */
    boolean isShown() {
        return scan.isShown() && range.contains(scan.timestampMillis());
    }

    /** Goes on to the next part of the segment whose timestamps can be in the range; false if there is none. */
    private boolean enterRegion(long from) {
        SegmentIndex blocks = index;
        if (blocks == null || from >= dataEnd || !range.overlaps(blocks)) {
            return false;
        }
        int block = 0;
        while (block < blocks.blocks() && (end(blocks, block) <= from || !range.overlaps(blocks, block))) {
            block++;
        }
        if (block == blocks.blocks()) {
            return false;
        }
        // the offset may be in the middle of a block, if the scan begins there, or damage ends there
        scan.seek(Math.max(from, blocks.firstOffset(block)));
        while (block + 1 < blocks.blocks() && range.overlaps(blocks, block + 1)) {
            block++;
        }
        regionEnd = end(blocks, block);
        scan.readAheadTo(regionEnd);
        return true;
    }

    /** Passes the records that are known to be earlier or later than the range, without reading them; those that came since are read. */
    private boolean passOutside() {
        TimeSpan known = span;
        if (known == null) {
            return false;
        }
        long at = scan.nextOffset();
        if (at < known.from()) {
            scan.seek(known.from());
            return true;
        }
        if (at < known.to()) {
            return false;
        }
        span = null;
        scan.readAheadTo(Long.MAX_VALUE);
        if (at < known.end()) {
            scan.seek(known.end());
            return true;
        }
        return false;
    }

    private long end(SegmentIndex blocks, int block) {
        return block + 1 < blocks.blocks() ? blocks.firstOffset(block + 1) : dataEnd;
    }

    /** Reads the footer, and makes the pass end where the data ends; -1 if there is no footer. */
    long endByFooter() throws IOException {
        Optional<Footer> footer = reader.footerNow();
        if (footer.isEmpty()) {
            return -1;
        }
        dataEnd = footer.get().dataEnd();
        scan.limit(dataEnd);
        if (index == null) {
            regionEnd = dataEnd;
        }
        return dataEnd;
    }

    /** Stream position up to which everything has been passed. */
    long passedTo() {
        return scan.header().positionAt(scan.nextOffset());
    }

    /** Stream position where the segment's data ends, once it is {@link Step#FINISHED}. */
    long end() throws IOException {
        return scan.header().positionAt(reader.footer().map(Footer::dataEnd).orElse((int) regionEnd));
    }

    @Override
    public void close() {
        IndexSoFar read = soFar;
        if (read != null) {
            reader.segment().keep(read);
        }
        scan.close();
        reader.close();
    }
}
