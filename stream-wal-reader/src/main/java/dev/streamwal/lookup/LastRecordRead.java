package dev.streamwal.lookup;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.SegmentChain;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads the last record of a stream with as few calls as it takes where the stream's end is plain: in the newest segment, which has a
 * footer, or whose records can be followed from the mark, or from what was last before, to where nothing is. Everything else is left to
 * {@link NewestRecords}.
 *
 * <p>The segment was the newest when the directory was looked at, and its records were read after that. So there was a moment in between
 * at which what is found was the last one: it is the segment's last, and what came behind it came with a later segment, or to a later end
 * of the file. That is so as long as it wasn't cut off before nothing was seen to be behind it: there may have been something then. A footer
 * says both at once; without one it is looked once more whether the record is still there.
 */
public final class LastRecordRead {

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** @param catalog listed just now */
    public LastRecordRead(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    /** Empty where the end isn't plain, or there is none. */
    public Optional<LastRecord> run() throws IOException {
        SegmentChain chain = catalog.chain();
        if (chain.size() == 0) {
            return Optional.empty();
        }
        Segment newest = chain.get(chain.size() - 1);
        try (SegmentReader reader = newest.open(log.channels());
                SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.small(log.settings()))) {
            SegmentEnd end = reader.end();
            scan.limit(end.offset());
            Footer footer = end.footer();
            return footer != null ? lastBefore(footer, scan) : lastFollowing(reader, scan);
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            return Optional.empty();
        }
    }

    private static Optional<LastRecord> lastBefore(Footer footer, SegmentScan scan) throws IOException {
        scan.seekBehind(footer.dataEnd(), footer.lastRecordSize());
        return scan.previousShown() ? Optional.of(LastRecord.of(scan)) : Optional.empty();
    }

    private Optional<LastRecord> lastFollowing(SegmentReader reader, SegmentScan scan) throws IOException {
        Segment segment = reader.segment();
        int mark = reader.markAtOpening();
        int from = Math.max(mark, segment.lastSeen());
        if (from != 0) {
            scan.seek(from);
        }
        scan.believeEmpty();
        int last = 0;
        while (scan.nextShown()) {
            last = (int) scan.offset();
        }
        // a mark that isn't reached points to what was there once
        boolean isPlain = last >= Math.max(1, mark) && (scan.isEmpty() || scan.isEnd()) && isAllThatIsReserved(scan);
        segment.lastSeenIs(isPlain ? last : 0);
        if (!isPlain) {
            return Optional.empty();
        }
        scan.seek(last);
        return scan.next() && reader.stillHas(last, scan.frameBytes()) ? Optional.of(LastRecord.of(scan)) : Optional.empty();
    }

    /** Whether nothing that this process has appended is still to come where the scan has stopped. */
    private boolean isAllThatIsReserved(SegmentScan scan) {
        WriterView writer = log.writer();
        OptionalLong reserved = writer == null ? OptionalLong.empty() : writer.reservedEnd(catalog.key().text());
        return reserved.isEmpty() || reserved.getAsLong() <= scan.position();
    }
}
