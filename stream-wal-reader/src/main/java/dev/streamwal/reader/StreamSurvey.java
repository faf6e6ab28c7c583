package dev.streamwal.reader;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.lookup.ScanStart;
import dev.streamwal.segment.IndexSoFar;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.StreamScan;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Describes or verifies a whole stream. One use. */
final class StreamSurvey {

    /** An attempt fails only if, during it, the stream is cut, or segments that were counted are packed or merged. */
    private static final int MAX_ATTEMPTS = 16;

    private final LogSource log;
    private final SegmentCatalog catalog;
    private final String key;

    private long smallest = SegmentIndex.NO_SMALLEST;
    private long largest = SegmentIndex.NO_LARGEST;
    private long end;
    private long dataBytes;

    private final DamageList damage;

    /** @param catalog listed just now */
    StreamSurvey(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
        this.key = catalog.key().text();
        this.damage = new DamageList(key);
    }

    // ---- describing

    Optional<StreamInfo> describe() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return describe(catalog.chain(), attempt == 1);
            } catch (EntryNotFoundException | NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                // segments were joined, or the one that the stream ended with was cut off
                catalog.refresh();
            }
        }
    }

    /** @param believesKnown whether records that were read before count: they may have been cut off */
    private Optional<StreamInfo> describe(ListedSegments listed, boolean believesKnown) throws IOException {
        smallest = SegmentIndex.NO_SMALLEST;
        largest = SegmentIndex.NO_LARGEST;
        end = 0;
        dataBytes = 0;
        int segments = 0;
        long bytes = 0;
        long first = -1;
        Segment unsealed = null;
        ListedSegments chain = listed;
        for (int i = 0; i < chain.size(); i++) {
            Segment segment = chain.get(i);
            try {
                SegmentSummary summary = summary(segment);
                segments++;
                bytes += summary.bytes();
                first = first < 0 ? segment.basePosition() : first;
                if (unsealed == null && summary.endPosition() != SegmentSummary.UNKNOWN) {
                    addRange(summary.smallestTimestampMillis(), summary.largestTimestampMillis());
                    end = summary.endPosition();
                    dataBytes += end - segment.basePosition();
                } else if (unsealed == null) {
                    unsealed = segment;
                }
            } catch (NoSuchFileException e) {
                chain = catalog.refresh();
                Segment moved = chain.movedTo(segment);
                if (moved != null && moved.basePosition() < segment.basePosition()) {
                    // joined with what was counted already
                    throw e;
                }
                // goes on with the segment itself if it has moved, else after the deleted one
                i = chain.floor(segment.basePosition()) - (moved == null ? 0 : 1);
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                segments++;
                first = first < 0 ? segment.basePosition() : first;
            }
        }
        if (segments == 0) {
            return Optional.empty();
        }
        if (unsealed != null) {
            scanFrom(unsealed, believesKnown ? addRead(unsealed) : unsealed.basePosition());
        }
        return Optional.of(new StreamInfo(key, segments, bytes, dataBytes, first, Math.max(first, end),
                timestamp(smallest, SegmentIndex.NO_SMALLEST), timestamp(largest, SegmentIndex.NO_LARGEST)));
    }

    /** With the end {@link SegmentSummary#UNKNOWN} if the segment isn't sealed. */
    private SegmentSummary summary(Segment segment) throws IOException {
        SegmentSummary listed = listed(segment);
        return listed == null ? read(segment) : listed;
    }

    private static @Nullable SegmentSummary listed(Segment segment) throws IOException {
        try {
            return segment.summary();
        } catch (NoSuchFileException e) {
            // opening it tells whether it has gone
            return null;
        }
    }

    private SegmentSummary read(Segment segment) throws IOException {
        try (SegmentReader reader = segment.open(log.channels())) {
            Optional<Footer> footer = reader.footerNow();
            if (footer.isPresent()) {
                return summary(reader, footer.get().index(), reader.header().positionAt(footer.get().dataEnd()));
            }
            return segment.isEndListed() ? summary(reader, index(reader), segment.listedEnd()) : new SegmentSummary(reader.size(),
                    SegmentSummary.UNKNOWN, SegmentSummary.UNKNOWN, SegmentIndex.NO_SMALLEST, SegmentIndex.NO_LARGEST);
        }
    }

    private static SegmentSummary summary(SegmentReader reader, SegmentIndex index, long end) throws IOException {
        return new SegmentSummary(reader.size(), index.records(), end, index.smallestTimestampMillis(), index.largestTimestampMillis());
    }

    /** Reads the records of a segment without a footer whose end is known. */
    private SegmentIndex index(SegmentReader reader) throws IOException {
        SegmentIndex index = new SegmentIndex();
        try (SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.small(log.settings()))) {
            while (scan.nextShown()) {
                index.add((int) scan.offset(), scan.timestampMillis());
            }
        }
        return index;
    }

    private void addRange(long smallestMillis, long largestMillis) {
        smallest = Math.min(smallest, smallestMillis);
        largest = Math.max(largest, largestMillis);
    }

    private static OptionalLong timestamp(long millis, long none) {
        return millis == none ? OptionalLong.empty() : OptionalLong.of(millis);
    }

    /**
     * Reads on in a segment without a footer, and adds what is known of it then, without its last block. If the first record of that block is still there,
     * so is all before it: what is cut off is the end of a stream.
     *
     * @return where that block begins
     */
    private long addRead(Segment segment) throws IOException {
        IndexSoFar read = segment.indexToAddTo();
        if (read == null) {
            return segment.basePosition();
        }
        try (SegmentReader reader = segment.open(log.channels());
                SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.large(log.settings()))) {
            read.addNext(scan);
            segment.keep(read);
            SegmentIndex index = read.index();
            int last = Math.max(0, index.blocks() - 1);
            for (int block = 0; block < last; block++) {
                addRange(index.smallestTimestampMillis(block), index.largestTimestampMillis(block));
            }
            long from = last == 0 ? segment.basePosition() : reader.header().positionAt(index.firstOffset(last));
            dataBytes += from - segment.basePosition();
            return from;
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the scan passes it
            return segment.basePosition();
        }
    }

    /**
     * Reads the segments that have no footer. Damage is reported by {@link #verify()} only.
     *
     * @param from in the first of them; a record that was read before, unless it is the beginning
     * @throws EntryNotFoundException if that record isn't there any more
     */
    private void scanFrom(Segment segment, long from) throws IOException {
        try (StreamScan scan = new ScanStart(log, catalog).scan(new ScanBegin.At(from))) {
            long countedTo = from;
            Segment in = segment;
            boolean isNext = damage.next(scan);
            if (from > segment.basePosition() && !(isNext && scan.record().position() == from)) {
                throw new EntryNotFoundException("record was cut off since it was read: key=" + key + ", position=" + from + ", file=" + segment
                        + "; try again", segment.file(), key, from, null);
            }
            for (; isNext; isNext = damage.next(scan)) {
                addRange(scan.record().timestampMillis(), scan.record().timestampMillis());
                if (!scan.segment().equals(in)) {
                    in = scan.segment();
                    countedTo = Math.max(countedTo, in.basePosition());
                }
                dataBytes += scan.nextPosition() - countedTo;
                countedTo = scan.nextPosition();
            }
            end = scan.nextPosition();
        }
    }

    // ---- verifying

    VerifyReport verify() throws IOException {
        log.packs().forgetBlocks();
        long records = 0;
        long bytes = 0;
        long recordsBefore = 0;
        Segment segment = null;
        try (StreamScan scan = StreamScan.of(log, catalog, TimeRange.ALL)) {
            while (damage.next(scan)) {
                if (!scan.segment().equals(segment)) {
                    verifyCount(segment, records - recordsBefore);
                    segment = scan.segment();
                    checkFile(segment);
                    recordsBefore = records;
                }
                records++;
                bytes += scan.record().frameBytes();
            }
        }
        verifyCount(segment, records - recordsBefore);
        return damage.report(records, bytes);
    }

    private void checkFile(Segment segment) throws IOException {
        try {
            segment.checkFile();
        } catch (NoSuchFileException e) {
            // the walk has read it
        } catch (CorruptSegmentException e) {
            damage.add(e, e.offset(), 0); // the walk has read all records
        }
    }

    /** Compares the number of records with the footer's. A segment with damage has fewer, and the damage has been reported already. */
    private void verifyCount(@Nullable Segment segment, long records) throws IOException {
        Footer footer = segment == null ? null : segment.knownFooter();
        if (segment != null && footer != null && footer.index().records() != records
                && !damage.concerns(segment.file()) && !isCutMeanwhile(segment, footer, records) && !isErasedMeanwhile(segment)) {
            damage.add(new Damage(segment.file(), key, segment.fileOffset(footer.dataEnd()), 0,
                    "footer has a wrong count of records: footer=" + footer.index().records() + ", records=" + records));
        }
    }

    /** Whether the footer is right by now: records of the segment may have been erased while the walk stood in it. */
    private boolean isErasedMeanwhile(Segment segment) throws IOException {
        try (SegmentReader reader = segment.open(log.channels());
                SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.small(log.settings()))) {
            Optional<Footer> now = reader.footerNow();
            long records = 0;
            while (scan.nextShown()) {
                records++;
            }
            return now.isPresent() && now.get().index().records() == records;
        } catch (NoSuchFileException e) {
            return true;
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // damage came since the walk, and the count is reported
            return false;
        }
    }

    /** Whether the walk saw more records than the footer counts because the segment was cut, and sealed again, during that walk. */
    private boolean isCutMeanwhile(Segment segment, Footer footer, long records) throws IOException {
        if (records < footer.index().records()) {
            return false;
        }
        try (SegmentReader reader = segment.open(log.channels())) {
            return SegmentFiles.readHeader(reader, segment.file(), segment.key(), segment.name()).isCut();
        } catch (NoSuchFileException e) {
            return true;
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the walk has read that header: damage came since, and the count is reported
            return false;
        }
    }
}
