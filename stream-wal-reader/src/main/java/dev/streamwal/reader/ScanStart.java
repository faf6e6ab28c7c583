package dev.streamwal.reader;

import dev.streamwal.source.BackwardScan;
import dev.streamwal.source.LogSource;
import dev.streamwal.source.PositionLookup;
import dev.streamwal.source.RefJudge;
import dev.streamwal.source.Segment;
import dev.streamwal.source.SegmentCatalog;
import dev.streamwal.source.SegmentChain;
import dev.streamwal.source.SegmentReader;
import dev.streamwal.source.StreamScan;
import dev.streamwal.source.TimeRange;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

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

    /**
     * Where a position is.
     *
     * @param segment it belongs to; null where that has gone
     * @param offset of the position; -1 where the segment can't be read
     * @param next the segment behind, where the position is behind the segment's data and that isn't the newest
     */
    private record Place(@Nullable Segment segment, long offset, @Nullable Segment next) {}

    private interface Opening<T> {
        T run() throws IOException;
    }

    private <T> T whileDeleting(Opening<T> opening) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return opening.run();
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                catalog.refresh();
            }
        }
    }

    StreamScan from(long position) throws IOException {
        return whileDeleting(() -> {
            Place place = place(catalog.chain(), position);
            if (place.next() != null) {
                return StreamScan.from(log, catalog, place.next(), -1, position);
            }
            return place.segment() == null
                    ? StreamScan.fromFirst(log, catalog, TimeRange.ALL)
                    : StreamScan.from(log, catalog, place.segment(), place.offset(), position);
        });
    }

    /** @param position {@link Long#MAX_VALUE} for the end */
    BackwardScan backwardFrom(long position) throws IOException {
        return whileDeleting(() -> {
            if (position == Long.MAX_VALUE) {
                return BackwardScan.fromEnd(log, catalog);
            }
            Place place = place(catalog.chain(), position);
            return place.segment() == null
                    ? BackwardScan.ofNothing(log, catalog, position)
                    : BackwardScan.from(log, catalog, place.segment(), place.next() == null ? place.offset() : -1, position);
        });
    }

    private Place place(SegmentChain chain, long position) throws IOException {
        int index = chain.floor(position);
        if (index < 0) {
            return new Place(null, -1, null);
        }
        Segment segment = chain.get(index);
        PositionLookup lookup = new PositionLookup(log, chain);
        try (SegmentReader reader = segment.open(log.channels())) {
            long offset = reader.header().offsetOf(position);
            if (offset == reader.header().headerLength()) {
                return new Place(segment, offset, null);
            }
            reader.forgetOldFooter();
            if (lookup.in(reader, index, position) != PositionLookup.Whereabouts.IN_SEGMENT) {
                return behind(chain, index, lookup, reader, position);
            }
            if (!startsThere(reader, lookup.writtenTo(reader, index), offset)) {
                throw notFound(segment, offset, position);
            }
            return new Place(segment, offset, null);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the scan tells of it, and then passes the segment
            return new Place(segment, -1, null);
        }
    }

    /** Behind a segment's data: at its end, before the next one that is left, or nowhere. */
    private Place behind(SegmentChain chain, int index, PositionLookup lookup, SegmentReader reader, long position) throws IOException {
        Segment segment = chain.get(index);
        long offset = reader.header().offsetOf(position);
        if (index + 1 < chain.size()) {
            return new Place(segment, offset, chain.get(index + 1));
        }
        long end = reader.footer().isPresent() ? reader.footer().get().dataEnd() : reader.size();
        if (offset != end && lookup.in(reader, index, position) == PositionLookup.Whereabouts.IN_SEGMENT) {
            // the file has grown since
            return place(chain, position);
        }
        if (offset != end) {
            throw notFound(segment, offset, position);
        }
        return new Place(segment, offset, null);
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
}
