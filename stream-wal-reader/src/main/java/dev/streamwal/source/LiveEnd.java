package dev.streamwal.source;

import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.reader.EntryExpiredException;
import dev.streamwal.reader.UnsupportedFormatException;
import dev.streamwal.reader.WalException;
import dev.streamwal.reader.WalIOException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream ends for now, found as a scan finds it: by following its newest segment, from its mark. In the writing process that is
 * behind everything reserved so far; elsewhere before the first slot behind the mark that isn't published.
 *
 * @param position in the stream
 * @param damage what is wrong right behind it; null where nothing is
 */
record LiveEnd(long position, @Nullable WalException damage) {

    /** @param newest a segment that isn't sealed; the caller closes it */
    static LiveEnd of(LogSource log, SegmentCatalog catalog, SegmentReader newest) throws IOException {
        long from = start(newest, log);
        long position = newest.header().positionAt(from);
        try (StreamScan scan = StreamScan.shortFrom(log, catalog, newest.segment(), from, position)) {
            return follow(scan);
        }
    }

    /** The mark, where a record is. */
    private static long start(SegmentReader reader, LogSource log) throws IOException {
        int first = reader.header().headerLength();
        int mark = reader.mark();
        if (mark <= first) {
            return first;
        }
        try (SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.small(log.options()))) {
            return scan.verifies(mark) ? mark : first;
        }
    }

    private static LiveEnd follow(StreamScan scan) {
        WalException told = null;
        long toldBefore = -1;
        while (true) {
            long before = scan.nextPosition();
            try {
                if (!scan.next()) {
                    return new LiveEnd(scan.nextPosition(), toldBefore == scan.nextPosition() ? told : null);
                }
            } catch (CorruptSegmentException | UnsupportedFormatException | EntryExpiredException e) {
                told = e;
                toldBefore = scan.nextPosition();
            } catch (WalIOException e) {
                if (scan.nextPosition() == before) {
                    throw e;
                }
            }
        }
    }
}
