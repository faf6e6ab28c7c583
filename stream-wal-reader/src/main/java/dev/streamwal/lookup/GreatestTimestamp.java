package dev.streamwal.lookup;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.segment.IndexSoFar;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.HeldRecord;
import dev.streamwal.walk.ScanFailures;
import dev.streamwal.walk.StreamScan;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/**
 * Finds the record of a stream that has the greatest timestamp; of several with the same one, that at the greatest position. One use.
 *
 * <p>The footers of sealed segments have their greatest timestamps, so the greatest of these timestamps is known before a record is read. Then a scan
 * from that time on reads a block or two of the sealed segments, and of those that aren't sealed what hasn't been read yet.
 */
public final class GreatestTimestamp {

    /** An attempt fails only if the record that it found is deleted or cut off before it is read. */
    private static final int MAX_ATTEMPTS = 16;

    private static final long NOWHERE = -1;

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** @param catalog listed just now */
    public GreatestTimestamp(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    /**
     * The record; empty if the stream has none.
     *
     * @throws CorruptSegmentException if a part that has to be read is damaged
     */
    public Optional<HeldRecord> find() throws IOException {
        for (int attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
            long fromMillis = greatestKnown(catalog.chain(), attempt == 1);
            long position = find(new TimeRange(fromMillis, Long.MAX_VALUE));
            if (position == NOWHERE && fromMillis == SegmentIndex.NO_LARGEST) {
                return Optional.empty();
            }
            Optional<HeldRecord> found = position == NOWHERE ? Optional.empty() : read(position);
            if (found.isPresent()) {
                return found;
            }
            ListedSegments unused = catalog.refresh();
        }
        throw new IOException("record with the greatest timestamp was deleted or erased each time before it was read: attempts=" + MAX_ATTEMPTS + ", key="
                + catalog.key() + "; try again");
    }

    /**
     * Begins with the newest segment, so that older segments can be skipped if the listing shows that their records are older.
     *
     * @param believesKnown whether footers, and times of records, that were read before count: the records may have been erased, or cut off
     */
    private long greatestKnown(ListedSegments chain, boolean believesKnown) throws IOException {
        long greatest = SegmentIndex.NO_LARGEST;
        for (int i = chain.size() - 1; i >= 0; i--) {
            Segment segment = chain.get(i);
            if (!segment.isListedOutside(new TimeRange(greatest, Long.MAX_VALUE))) {
                greatest = Math.max(greatest, greatestOf(segment, believesKnown));
            }
        }
        return greatest;
    }

    private long greatestOf(Segment segment, boolean believesKnown) throws IOException {
        Footer known = believesKnown ? segment.knownFooter() : null;
        if (known != null) {
            return known.index().largestTimestampMillis();
        }
        try (SegmentReader reader = segment.open(log.channels())) {
            IndexSoFar soFar = believesKnown ? segment.indexSoFar() : null;
            long read = soFar == null ? SegmentIndex.NO_LARGEST : soFar.index().largestTimestampMillis();
            return reader.footer().map(footer -> footer.index().largestTimestampMillis()).orElse(read);
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            // deleted, or packed, since it was listed: the scan finds what is left, and reports damage
            return SegmentIndex.NO_LARGEST;
        }
    }

    private long find(TimeRange range) {
        long position = NOWHERE;
        long greatest = SegmentIndex.NO_LARGEST;
        try (StreamScan scan = StreamScan.of(log, catalog, range)) {
            while (ScanFailures.nextThatIsLeft(scan)) {
                if (scan.record().timestampMillis() >= greatest) {
                    greatest = scan.record().timestampMillis();
                    position = scan.record().position();
                }
            }
        }
        return position;
    }

    private Optional<HeldRecord> read(long position) throws IOException {
        try (StreamScan scan = new ScanStart(log, catalog).scan(new ScanBegin.At(position))) {
            boolean isThere = scan.next() && scan.record().position() == position;
            return isThere ? Optional.of(HeldRecord.of(scan.record())) : Optional.empty();
        } catch (EntryNotFoundException | EntryExpiredException e) {
            return Optional.empty();
        }
    }
}
