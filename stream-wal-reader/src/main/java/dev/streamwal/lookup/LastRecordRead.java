package dev.streamwal.lookup;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.walk.EndAtCall;
import dev.streamwal.walk.HeldRecord;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/**
 * Reads the last record of a stream with few calls, if the stream's end is plain: the newest segment has a footer, or its records can be followed
 * from the mark, or from the last record seen before, to the empty space after them, or past {@linkplain EndAtCall all that existed}. All other cases are
 * left to {@link NewestRecords}.
 *
 * <p>The listing has the segment's end for parts of packs and of shared segments. That end is as of the listing, or as of a later moment before the
 * record is read. The record before the end was the last one at that moment.
 *
 * <p>The segment was the newest when the directory was read, and its records were read after that. So there was a moment in between at which the
 * record found was the stream's last one: it is the segment's last record, and later records came in a later segment, or after the end found. That
 * holds unless the record was cut off before the end was found: then records may have stood there before. A footer shows both at
 * once; without one, the record is read once more.
 */
public final class LastRecordRead {

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** @param catalog listed just now */
    public LastRecordRead(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    /** The last record; empty if the end isn't plain, or there is no record. */
    public Optional<HeldRecord> run() throws IOException {
        ListedSegments chain = catalog.chain();
        if (chain.size() == 0) {
            return Optional.empty();
        }
        Segment newest = chain.get(chain.size() - 1);
        try (SegmentReader reader = catalog.openListed(newest)) {
            if (reader.segment().isEndListed() && reader.header().mark() != 0) {
                return lastListed(reader);
            }
            SegmentEnd end = reader.end();
            Footer footer = end.footer();
            ReadSizes sizes = footer == null ? ReadSizes.small(log.settings()) : ReadSizes.oneRecord(log.settings());
            try (SegmentScan scan = new SegmentScan(reader, reader.header(), sizes)) {
                scan.limit(end.offset());
                return footer == null ? lastFollowing(reader, scan, end.offset()) : lastBefore(footer, scan);
            }
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            return Optional.empty();
        }
    }

    /** The record that the header's mark points to, which a listing knows to be the last one. */
    private Optional<HeldRecord> lastListed(SegmentReader reader) throws IOException {
        try (SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.oneRecord(log.settings()))) {
            scan.limit(reader.header().offsetOf(reader.segment().listedEnd()));
            scan.seek(reader.header().mark());
            return scan.next() && scan.isShown() ? Optional.of(HeldRecord.of(scan)) : Optional.empty();
        }
    }

    private static Optional<HeldRecord> lastBefore(Footer footer, SegmentScan scan) throws IOException {
        scan.seekBehind(footer.dataEnd(), footer.lastRecordSize());
        return scan.previousShown() ? Optional.of(HeldRecord.of(scan)) : Optional.empty();
    }

    private Optional<HeldRecord> lastFollowing(SegmentReader reader, SegmentScan scan, long fileSize) throws IOException {
        Segment segment = reader.segment();
        int mark = reader.markAtOpening();
        int from = Math.max(mark, segment.lastSeen());
        if (from != 0) {
            scan.seek(from);
        }
        scan.believeEmpty();
        EndAtCall existing = EndAtCall.of(log, reader, fileSize);
        int last = 0;
        boolean isPassed = false;
        while (!isPassed && next(scan)) {
            last = scan.isShown() ? (int) scan.offset() : last;
            isPassed = existing.isPassedAt(reader.header().positionAt(scan.nextOffset()), RecordLayout.isMember(scan.flags()));
        }
        // short of the reserved end, empty space may be a slot to wait for
        boolean isAll = isPassed || (!existing.isReserved() && (scan.isEmpty() || scan.isEnd()));
        // a mark that the scan doesn't reach points to a record that was cut off
        boolean isPlain = isAll && last >= Math.max(1, mark);
        segment.lastSeenIs(isPlain ? last : 0);
        if (!isPlain) {
            return Optional.empty();
        }
        scan.seek(last);
        return scan.next() && reader.stillHas(last, scan.frameBytes()) ? Optional.of(HeldRecord.of(scan)) : Optional.empty();
    }

    private static boolean next(SegmentScan scan) throws IOException {
        if (scan.next()) {
            return true;
        }
        if (scan.isEmpty() || scan.isEnd()) {
            return false;
        }
        // a record that reaches behind the file's length at the opening is no damage if it verifies: the file has grown since
        scan.limit(Long.MAX_VALUE);
        return scan.next();
    }
}
