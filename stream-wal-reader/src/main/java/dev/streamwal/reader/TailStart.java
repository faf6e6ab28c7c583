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
import java.nio.file.NoSuchFileException;

/** Finds where a tail begins. */
final class TailStart {

    /** Position 0 for somebody who has come there, other than {@link EntryTail#FIRST}. */
    static final long ZERO = -1;

    /** Every attempt fails only if a segment is deleted during it. */
    private static final int MAX_ATTEMPTS = 16;

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
        for (int attempt = 1; ; attempt++) {
            try {
                return StreamEnd.of(log, catalog).map(this::behind)
                        .orElseGet(() -> StreamScan.behind(log, catalog, null, EntryTail.FIRST));
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                catalog.refresh();
            }
        }
    }

    private StreamScan behind(StreamEnd end) {
        if (end.offset() >= 0) {
            return StreamScan.from(log, catalog, end.segment(), end.offset(), end.position());
        }
        // its header can't be read, which is before the end, and so none of the tail's business
        StreamScan scan = StreamScan.from(log, catalog, end.segment(), -1, end.segment().basePosition());
        try {
            boolean unused = scan.next();
        } catch (CorruptSegmentException | UnsupportedFormatException toldOnce) {
            return scan;
        }
        return scan;
    }
}
