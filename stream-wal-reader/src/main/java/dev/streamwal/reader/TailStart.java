package dev.streamwal.reader;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.source.LogSource;
import dev.streamwal.source.Segment;
import dev.streamwal.source.SegmentCatalog;
import dev.streamwal.source.SegmentChain;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.source.SegmentReader;
import dev.streamwal.source.StreamEnd;
import dev.streamwal.source.StreamScan;
import java.io.IOException;

/** Finds where a tail begins. */
final class TailStart {

    /** Position 0 for somebody who has come there, other than {@link EntryTail#FIRST}. */
    static final long ZERO = -1;

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** @param catalog listed just now */
    TailStart(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    StreamScan at(long position) throws IOException {
        if (position == EntryTail.END) {
            return atEnd().tellingGaps();
        }
        if (position == ZERO) {
            return StreamScan.fromZero(log, catalog);
        }
        SegmentChain chain = catalog.chain();
        int index = chain.floor(position);
        if (index < 0) {
            return StreamScan.behind(log, catalog, null, position);
        }
        try {
            return new ScanStart(log, catalog).from(position).tellingGaps();
        } catch (EntryNotFoundException e) {
            if (isPastAnEnd(chain, index, position)) {
                return StreamScan.behind(log, catalog, chain.get(index), position);
            }
            throw e;
        }
    }

    /** Whether the position is behind the newest segment's data, and nothing more will come there: it was cut off, or lost. */
    private boolean isPastAnEnd(SegmentChain chain, int index, long position) throws IOException {
        if (index + 1 < chain.size()) {
            return false;
        }
        Segment newest = chain.get(index);
        try (SegmentReader reader = newest.open(log.channels())) {
            if (reader.footerNow().isPresent()) {
                return reader.header().offsetOf(position) > reader.footerNow().get().dataEnd();
            }
            SegmentHeader now = SegmentFiles.readHeader(reader, newest.file(), newest.key(), newest.name());
            return now.offsetOf(position) > reader.size() && (now.isCut() || log.awaitsRecovery(now));
        }
    }

    private StreamScan atEnd() throws IOException {
        try {
            return new StreamEnd(log, catalog).last()
                    .map(last -> StreamScan.from(log, catalog, last.segment(), last.offset() + last.size(), last.position() + last.size()))
                    .orElseGet(() -> StreamScan.behind(log, catalog, null, EntryTail.FIRST));
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return behindAllOfTheNewest();
        }
    }

    /** Past damage, which is before the end, and so none of the tail's business. */
    private StreamScan behindAllOfTheNewest() throws IOException {
        SegmentChain chain = catalog.refresh();
        if (chain.size() == 0) {
            return StreamScan.behind(log, catalog, null, EntryTail.FIRST);
        }
        Segment newest = chain.get(chain.size() - 1);
        StreamScan scan = StreamScan.from(log, catalog, newest, -1, newest.basePosition());
        boolean isAtEnd = false;
        while (!isAtEnd) {
            try {
                isAtEnd = !scan.next();
            } catch (CorruptSegmentException | UnsupportedFormatException | EntryExpiredException toldOnce) {
                isAtEnd = false;
            }
        }
        return scan;
    }
}
