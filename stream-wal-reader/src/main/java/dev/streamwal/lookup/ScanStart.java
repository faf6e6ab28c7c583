package dev.streamwal.lookup;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.BackwardScan;
import dev.streamwal.walk.ScanFailures;
import dev.streamwal.walk.StreamEnd;
import dev.streamwal.walk.StreamExtent;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.StreamScan.Rest;
import dev.streamwal.walk.StreamScan.Telling;
import java.io.IOException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Finds the place where a scan begins. If the segment of a position is deleted while it is looked for, the scan still begins at that position, and
 * a tail reports everything deleted from there on.
 */
public final class ScanStart {

    private final LogSource log;
    private final SegmentCatalog catalog;
    private final ReadSizes sizes;

    /** @param catalog listed just now */
    public ScanStart(LogSource log, SegmentCatalog catalog) {
        this(log, catalog, ReadSizes.large(log.settings()));
    }

    /** @param sizes of the scan's reads */
    public ScanStart(LogSource log, SegmentCatalog catalog, ReadSizes sizes) {
        this.log = log;
        this.catalog = catalog;
        this.sizes = sizes;
    }

    /**
     * The place of a position.
     *
     * @param segment that has the position; null if it was deleted
     * @param offset of the position; -1 if the segment can't be read
     * @param next the following segment, if the position is after the segment's data; otherwise null
     */
    private record Place(@Nullable Segment segment, long offset, @Nullable Segment next) {}

    /** @throws EntryNotFoundException if no record starts at the position, and none ends there */
    public StreamScan scan(ScanBegin begin) throws IOException {
        return open(begin, Telling.NOTHING);
    }

    /**
     * A scan that reports the records deleted from its beginning on, and between the segments that it enters. A position that was cut off or lost,
     * and at which no record can come any more, counts as the end.
     *
     * @throws EntryNotFoundException if no record starts at the position, and none ends there
     */
    public StreamScan tail(ScanBegin begin) throws IOException {
        return begin instanceof ScanBegin.Committed committed ? behindCommit(committed) : open(begin, Telling.ALL);
    }

    /**
     * Handles a commit beyond the stream's end: new records come at positions below the commit, and none of them has been processed. So the scan goes
     * on at the end, and throws once. After a cut or a power loss the stream goes on above the commit instead, and nothing is thrown.
     */
    private StreamScan behindCommit(ScanBegin.Committed committed) throws IOException {
        long position = committed.position();
        StreamScan scan = null;
        EntryNotFoundException notFound = null;
        try {
            scan = open(new ScanBegin.At(position), Telling.ALL);
            if (scan.beginsInSegment() || catalog.chain().floor(position) < 0) {
                return scan.behindCommit();
            }
        } catch (EntryNotFoundException e) {
            notFound = e;
        }
        OptionalLong limit = new StreamExtent(log, catalog).limit();
        if (limit.isPresent() && position > limit.getAsLong()) {
            return open(new ScanBegin.At(limit.getAsLong()), Telling.ALL).behindCommit()
                    .tellingFirst(ScanFailures.committedBehindEnd(catalog.key(), position, limit.getAsLong(), committed.consumer()));
        }
        if (scan == null) {
            throw Objects.requireNonNull(notFound);
        }
        return scan.behindCommit();
    }

    private StreamScan open(ScanBegin begin, Telling telling) throws IOException {
        Rest rest = catalog.whileDeleting(chain -> find(begin, telling));
        return new StreamScan(log, catalog, TimeRange.ALL, sizes, rest);
    }

    private Rest find(ScanBegin begin, Telling telling) throws IOException {
        OptionalLong reached = begin.reached();
        if (reached.isPresent()) {
            return find(reached.getAsLong(), telling);
        }
        if (begin instanceof ScanBegin.NewStream stream) {
            return Rest.behind(StreamScan.UNKNOWN, stream.logStart(), telling).whenEnded();
        }
        if (begin instanceof ScanBegin.Time time) {
            return findTime(TimeRange.of(time.instant(), Instant.MAX), telling);
        }
        return begin instanceof ScanBegin.End ? findEnd(telling) : Rest.atOldest(telling);
    }

    private Rest findTime(TimeRange range, Telling telling) {
        try (StreamScan scan = StreamScan.of(log, catalog, range)) {
            boolean found = nextReadable(scan);
            return !found && scan.hasPassedNothing() ? Rest.atOldest(telling) : scan.rest().with(telling);
        }
    }

    private static boolean nextReadable(StreamScan scan) {
        while (true) {
            try {
                return ScanFailures.nextThatIsLeft(scan);
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                // the scan goes on after it
            }
        }
    }

    private Rest find(long position, Telling telling) throws IOException {
        ListedSegments chain = catalog.chain();
        try {
            Place place = place(chain, position);
            if (place.next() != null) {
                return Rest.at(place.next(), StreamScan.UNKNOWN, position, telling);
            }
            return place.segment() == null
                    ? Rest.behind(StreamScan.UNKNOWN, position, telling)
                    : Rest.at(place.segment(), place.offset(), position, telling);
        } catch (EntryNotFoundException e) {
            int index = chain.floor(position);
            if (telling == Telling.NOTHING || !isPastAnEnd(chain, index, position)) {
                throw e;
            }
            return Rest.behind(chain.get(index).basePosition(), position, telling);
        }
    }

    private Rest findEnd(Telling telling) throws IOException {
        StreamEnd end = StreamEnd.of(log, catalog).orElse(null);
        if (end == null) {
            return Rest.atOldest(telling);
        }
        return end.offset() == StreamScan.UNKNOWN
                // the unreadable segment is before the end, where the caller begins, so its damage isn't reported
                ? Rest.behind(end.segment().basePosition(), end.segment().basePosition(), telling.butNotBeforeTheNext())
                : Rest.at(end.segment(), end.offset(), end.position(), telling);
    }

    /** Whether the position is after the newest segment's data, and no record will come there any more: it was cut off, or lost. */
    private boolean isPastAnEnd(ListedSegments chain, int index, long position) throws IOException {
        if (index + 1 < chain.size()) {
            return false;
        }
        Segment newest = chain.get(index);
        try (SegmentReader reader = newest.open(log.channels())) {
            Optional<Footer> footer = reader.footerNow();
            if (footer.isPresent()) {
                return reader.header().offsetOf(position) > footer.get().dataEnd();
            }
            SegmentHeader now = SegmentFiles.readHeader(reader, newest.file(), newest.key(), newest.name());
            return now.offsetOf(position) > reader.size() && (now.isCut() || log.awaitsRecovery(now));
        }
    }

    /** @param position {@link Long#MAX_VALUE} for the end */
    public BackwardScan backwardFrom(long position) throws IOException {
        return catalog.whileDeleting(listed -> {
            if (position == Long.MAX_VALUE) {
                return BackwardScan.fromEnd(log, catalog);
            }
            Place place = place(catalog.chain(), position);
            return place.segment() == null
                    ? BackwardScan.ofNothing(log, catalog, position)
                    : BackwardScan.from(log, catalog, place.segment(), place.next() == null ? place.offset() : -1, position);
        });
    }

    private Place place(ListedSegments chain, long position) throws IOException {
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
            SegmentEnd end = lookup.end(reader, index);
            if (lookup.in(reader, end, index, position) != PositionLookup.Whereabouts.IN_SEGMENT) {
                boolean isNewest = index + 1 == chain.size();
                if (isNewest && offset != end.offset()) {
                    throw notFound(segment, offset, position);
                }
                return new Place(segment, offset, isNewest ? null : chain.get(index + 1));
            }
            if (!startsThere(reader, end, offset)) {
                throw notFound(segment, offset, position);
            }
            return new Place(segment, offset, null);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the scan reports the damage, and then passes the segment
            return new Place(segment, -1, null);
        }
    }

    private static boolean startsThere(SegmentReader reader, SegmentEnd end, long offset) throws IOException {
        try (RefJudge judge = new RefJudge(reader, end)) {
            return switch (judge.judge(offset)) {
                case RECORD, TOO_NEW, END, DAMAGED -> true;
                case NO_RECORD -> false;
            };
        }
    }

    private static EntryNotFoundException notFound(Segment segment, long offset, long position) {
        return new EntryNotFoundException(
                "no record starts or ends at the position: stream=" + segment.key() + ", position=" + position + ", file=" + segment
                        // of a position that no stream comes to, the sum is beyond what a long holds
                        + (offset < 0 ? "" : ", offset=" + offset) + "; give what an append or a reader gave",
                segment.file(), segment.key().text(), position, null);
    }
}
