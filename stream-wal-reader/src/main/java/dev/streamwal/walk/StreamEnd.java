package dev.streamwal.walk;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.PackedSegment;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.Footer;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The end of a stream, found thoroughly, past any damage: by the footer of its newest segment, or by a scan of that segment from its mark.
 * In the writer's process the end is after everything reserved so far; in other processes before the first unpublished slot after the mark.
 * Records that are appended meanwhile aren't followed for long: see {@link EndAtCall}.
 * {@code LastRecordRead} is the fast way, for an end without damage.
 *
 * @param segment that the end is in
 * @param offset in its file; {@link StreamScan#UNKNOWN} if its header can't be read, which is reported when the segment is entered
 * @param position in the stream; {@link Long#MAX_VALUE} if the header can't be read
 * @param lastSize of the record that ends there, bytes; 0 if that isn't known
 * @param damage found right after the end; null for none
 */
public record StreamEnd(Segment segment, long offset, long position, int lastSize, @Nullable WalException damage) {

    /**
     * Finds the end; empty if the stream has no segment.
     *
     * @param catalog listed just now
     * @throws NoSuchFileException if the newest segment has been deleted since: list anew
     */
    public static Optional<StreamEnd> of(LogSource log, SegmentCatalog catalog) throws IOException {
        ListedSegments chain = catalog.chain();
        if (chain.size() == 0) {
            return Optional.empty();
        }
        Segment newest = chain.get(chain.size() - 1);
        try (SegmentReader reader = newest.open(log.channels())) {
            Optional<Footer> footer = reader.footerNow();
            if (footer.isPresent()) {
                int end = footer.get().dataEnd();
                return Optional.of(new StreamEnd(newest, end, reader.header().positionAt(end), footer.get().lastRecordSize(), null));
            }
            return Optional.of(following(log, catalog, reader));
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return Optional.of(new StreamEnd(newest, StreamScan.UNKNOWN, Long.MAX_VALUE, 0, null));
        }
    }

    private static StreamEnd following(LogSource log, SegmentCatalog catalog, SegmentReader newest) throws IOException {
        long from = start(newest, log);
        long position = newest.header().positionAt(from);
        try (StreamScan scan = new StreamScan(log, catalog, TimeRange.ALL, ReadSizes.small(log.settings()),
                StreamScan.Rest.at(newest.segment(), from, position, StreamScan.Telling.NOTHING))) {
            Followed followed = new Following(scan, catalog, newest.segment(), EndAtCall.of(log, newest, newest.size())).run();
            // the segment may have moved since it was listed; a later one may begin where its last record ends
            ListedSegments chain = catalog.chain();
            int index = chain.floor(followed.end());
            Segment now = index < 0 ? newest.segment() : chain.get(index);
            Segment last = isLater(now, newest.segment()) && followed.lastSize() > 0 ? newest.segment() : now;
            long offset = last.header(log.channels()).offsetOf(followed.end());
            return new StreamEnd(last, offset, followed.end(), followed.lastSize(), followed.damage());
        }
    }

    /**
     * Whether a segment came after the newest one was listed, and so has nothing that existed then. One in a pack may be a piece of the newest one, which has
     * moved there.
     */
    private static boolean isLater(Segment segment, Segment newest) {
        return segment.basePosition() > newest.basePosition() && !(segment instanceof PackedSegment);
    }

    /** The offset of the mark, if a record is there; else of the first record. */
    private static long start(SegmentReader reader, LogSource log) throws IOException {
        int first = reader.header().headerLength();
        int mark = reader.mark();
        if (mark <= first) {
            return first;
        }
        try (SegmentScan scan = new SegmentScan(reader, reader.header(), ReadSizes.small(log.settings()))) {
            return scan.verifies(mark) ? mark : first;
        }
    }

    private record Followed(long end, int lastSize, @Nullable WalException damage) {}

    /**
     * @param scan from a record of the newest segment on
     * @param newest as listed within the call
     */
    private record Following(StreamScan scan, SegmentCatalog catalog, Segment newest, EndAtCall existing) {

        Followed run() {
            WalException told = null;
            long toldBefore = -1;
            long lastEnd = -1;
            int lastSize = 0;
            while (true) {
                long before = scan.nextPosition();
                try {
                    if (existing.isPassedAt(before, scan.isOnMember()) || !scan.next() || isInLater()) {
                        long end = isInLater() ? before : scan.nextPosition();
                        return new Followed(end, end == lastEnd ? lastSize : 0, toldBefore == end ? told : null);
                    }
                    lastEnd = scan.nextPosition();
                    lastSize = scan.record().frameBytes();
                } catch (CorruptSegmentException | UnsupportedFormatException | EntryExpiredException e) {
                    if (isInLater()) {
                        return new Followed(before, before == lastEnd ? lastSize : 0, toldBefore == before ? told : null);
                    }
                    told = e;
                    toldBefore = scan.nextPosition();
                } catch (WalIOException e) {
                    ScanFailures.requirePassed(e, before, scan);
                }
            }
        }

        /** Whether the scan has come to a segment that is later than the newest one: then it has passed all that was listed. */
        private boolean isInLater() {
            Segment next = catalog.chain().after(newest.basePosition());
            return next != null && isLater(next, newest) && scan.nextPosition() > next.basePosition();
        }
    }
}
