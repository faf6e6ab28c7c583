package dev.streamwal.reader;

import dev.streamwal.source.LogSource;
import dev.streamwal.source.PositionLookup;
import dev.streamwal.source.RefJudge;
import dev.streamwal.source.Segment;
import dev.streamwal.source.SegmentCatalog;
import dev.streamwal.source.SegmentChain;
import dev.streamwal.source.SegmentReader;
import dev.streamwal.source.StreamEnd;
import dev.streamwal.source.StreamScan;
import dev.streamwal.source.TimeRange;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** Finds where a scan begins. */
final class ScanStart {

    /** Every attempt fails only if a segment is deleted during it. */
    private static final int MAX_ATTEMPTS = 16;

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** @param catalog listed just now */
    ScanStart(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    StreamScan from(long position) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return from(catalog.chain(), position);
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                catalog.refresh();
            }
        }
    }

    private StreamScan from(SegmentChain chain, long position) throws IOException {
        int index = chain.floor(position);
        if (index < 0) {
            return StreamScan.fromFirst(log, catalog, TimeRange.ALL);
        }
        Segment segment = chain.get(index);
        PositionLookup lookup = new PositionLookup(log, chain);
        try (SegmentReader reader = segment.open(log.channels())) {
            long offset = reader.header().offsetOf(position);
            if (offset == reader.header().headerLength()) {
                return StreamScan.from(log, catalog, segment, offset, position);
            }
            reader.forgetOldFooter();
            if (lookup.in(reader, index, position) != PositionLookup.Whereabouts.IN_SEGMENT) {
                return behind(chain, index, lookup, reader, position);
            }
            if (!startsThere(reader, lookup.writtenTo(reader, index), offset)) {
                throw notFound(segment, offset, position);
            }
            return StreamScan.from(log, catalog, segment, offset, position);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the scan tells of it, and then goes on behind the segment
            return StreamScan.from(log, catalog, segment, -1, position);
        }
    }

    /** Behind a segment's data: at its end, before the next one that is left, or nowhere. */
    private StreamScan behind(SegmentChain chain, int index, PositionLookup lookup, SegmentReader reader, long position)
            throws IOException {
        if (index + 1 < chain.size()) {
            Segment next = chain.get(index + 1);
            return StreamScan.from(log, catalog, next, -1, position);
        }
        long offset = reader.header().offsetOf(position);
        long end = reader.footer().isPresent() ? reader.footer().get().dataEnd() : reader.size();
        if (offset != end && lookup.in(reader, index, position) == PositionLookup.Whereabouts.IN_SEGMENT) {
            // the file has grown since
            return from(chain, position);
        }
        if (offset != end) {
            throw notFound(chain.get(index), offset, position);
        }
        return StreamScan.from(log, catalog, chain.get(index), offset, position);
    }

    private boolean startsThere(SegmentReader reader, long writtenTo, long offset) throws IOException {
        try (RefJudge judge = new RefJudge(reader, writtenTo)) {
            return switch (judge.judge(offset)) {
                case RECORD, TOO_NEW, END, DAMAGED -> true;
                case NO_RECORD -> false;
            };
        }
    }

    private static EntryNotFoundException notFound(Segment segment, long offset, long position) {
        return new EntryNotFoundException(
                "no record starts or ends at the position: stream=" + segment.key() + ", position=" + position + ", file=" + segment
                        + ", offset=" + offset,
                segment.file(), segment.key().text(), position, null);
    }

    StreamScan last(int count) throws IOException {
        if (count == 0) {
            return StreamScan.fromFirst(log, catalog, TimeRange.ALL);
        }
        return new StreamEnd(log, catalog).newest(count)
                .map(place -> StreamScan.from(log, catalog, place.segment(), place.offset(), place.position()))
                .orElseGet(() -> StreamScan.fromFirst(log, catalog, TimeRange.ALL));
    }
}
