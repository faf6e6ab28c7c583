package dev.streamwal.source;

import dev.streamwal.format.Footer;
import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.reader.EntryExpiredException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the newest records of a stream without reading the older ones. One thread. */
public final class StreamEnd {

    /** Every attempt fails only if a segment is deleted during it. */
    private static final int MAX_ATTEMPTS = 16;

    private static final long[] NONE = {};

    /**
     * A data record.
     *
     * @param segment it is in
     * @param offset in the segment's file
     * @param position in the stream
     * @param size of the frame
     */
    public record Place(Segment segment, long offset, long position, int size) {}

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** Of a stream. */
    public StreamEnd(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    /** The data record at the greatest position; empty where there is none. */
    public Optional<Place> last() throws IOException {
        return newest(1);
    }

    /**
     * The first of the newest {@code count} data records, or the very first where there are fewer; empty where there is none.
     *
     * @throws CorruptSegmentException where the last record can't be found for damage
     */
    public Optional<Place> newest(int count) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return search(catalog.refresh(), count);
            } catch (NoSuchFileException | EntryExpiredException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private Optional<Place> search(SegmentChain chain, int count) throws IOException {
        Place found = null;
        int left = count;
        for (int i = chain.size() - 1; i >= 0 && left > 0; i--) {
            Segment segment = chain.get(i);
            boolean newest = found == null;
            Place last = lastIn(segment, newest);
            if (last == null) {
                continue;
            }
            if (newest && !last.segment().equals(segment)) {
                // rotated meanwhile: begin with the segment that is the newest now
                return search(catalog.refresh(), count);
            }
            Walk walk = walkBack(last, left);
            found = walk.first;
            left -= walk.records;
        }
        return Optional.ofNullable(found);
    }

    /** The last data record of a segment; of the newest, or of a later one, if the stream goes on meanwhile. */
    private @Nullable Place lastIn(Segment segment, boolean newest) throws IOException {
        try (SegmentReader reader = segment.open(log.channels());
                SegmentScan scan = new SegmentScan(reader, reader.header())) {
            for (Optional<Footer> footer = reader.footer(); footer.isPresent(); footer = reader.footer()) {
                try {
                    scan.limit(footer.get().dataEnd());
                    scan.seekBehind(footer.get().dataEnd(), footer.get().lastRecordSize());
                    return previousData(segment, scan);
                } catch (CorruptSegmentException e) {
                    if (reader.footerNow().equals(footer)) {
                        throw e;
                    }
                    // the segment was cut since its footer was read
                    scan.limit(Long.MAX_VALUE);
                }
            }
            int mark = reader.mark();
            long from = mark > reader.header().headerLength() && scan.verifies(mark) ? mark : reader.header().headerLength();
            Place last = newest ? lastFrom(segment, from, reader) : null;
            if (last == null && !newest) {
                last = lastOfUnsealed(segment, scan);
            }
            if (last != null || from == reader.header().headerLength()) {
                return last;
            }
            scan.seek(from);
            return scan.next() ? previousData(segment, scan) : lastOfUnsealed(segment, scan);
        }
    }

    private static @Nullable Place previousData(Segment segment, SegmentScan scan) throws IOException {
        while (scan.previous()) {
            if (scan.isData()) {
                return place(segment, scan);
            }
        }
        if (scan.isAtFirst()) {
            return null;
        }
        throw damaged(segment, scan, "the record before can't be found");
    }

    private static CorruptSegmentException damaged(Segment segment, SegmentScan scan, String consequence) {
        return new CorruptSegmentException(
                "damaged: " + scan.rule() + ", and here that isn't so, so that " + consequence + ": stream=" + segment.key()
                        + ", position=" + scan.position() + ", file=" + segment.file() + ", offset=" + scan.offset() + "; scan the stream",
                segment.file(), segment.key().text(), scan.position(), scan.offset(), 0, null);
    }

    /** Follows the records to the end, as a scan would, waiting for those of this process. */
    private @Nullable Place lastFrom(Segment segment, long offset, SegmentReader reader) {
        Place last = null;
        try (StreamScan scan = StreamScan.from(log, catalog, segment, offset, reader.header().positionAt(offset))) {
            Segment lastSegment = null;
            long lastOffset = 0;
            long lastPosition = 0;
            int lastSize = 0;
            while (scan.next()) {
                lastSegment = scan.segment();
                lastOffset = scan.offset();
                lastPosition = scan.position();
                lastSize = scan.size();
            }
            if (lastSegment != null) {
                last = new Place(lastSegment, lastOffset, lastPosition, lastSize);
            }
        }
        return last;
    }

    private @Nullable Place lastOfUnsealed(Segment segment, SegmentScan scan) throws IOException {
        Place last = null;
        scan.seek(scan.header().headerLength());
        while (nextPastDamage(segment, scan)) {
            if (scan.isData()) {
                last = place(segment, scan);
            }
        }
        return last;
    }

    private static final class Walk {
        Place first;
        int records = 1;

        Walk(Place last) {
            this.first = last;
        }
    }

    /** Walks back within a segment, from its last record on. */
    private Walk walkBack(Place last, int count) throws IOException {
        Walk walk = new Walk(last);
        if (count == 1) {
            return walk;
        }
        try (SegmentReader reader = last.segment().open(log.channels());
                SegmentScan scan = new SegmentScan(reader, reader.header(), log.options().scanBufferBytes())) {
            scan.seek(last.offset());
            if (scan.next()) {
                while (walk.records < count && scan.previous()) {
                    if (scan.isData()) {
                        walk.first = place(last.segment(), scan);
                        walk.records++;
                    }
                }
            }
            if (walk.records < count && !scan.isAtFirst()) {
                walkBackPastDamage(scan, last, count, walk);
            }
        }
        return walk;
    }

    /** Damage can be passed forwards only. */
    private void walkBackPastDamage(SegmentScan scan, Place last, int count, Walk walk) throws IOException {
        long[] offsets = NONE;
        int found = 0;
        scan.seek(scan.header().headerLength());
        while (nextPastDamage(last.segment(), scan) && scan.offset() <= last.offset()) {
            if (scan.isData()) {
                if (found == offsets.length) {
                    offsets = Arrays.copyOf(offsets, Math.max(64, found * 2));
                }
                offsets[found++] = scan.offset();
            }
        }
        if (found == 0) {
            return;
        }
        walk.records = Math.min(count, found);
        scan.seek(offsets[found - walk.records]);
        if (scan.next()) {
            walk.first = place(last.segment(), scan);
        }
    }

    private static boolean nextPastDamage(Segment segment, SegmentScan scan) throws IOException {
        while (!scan.next()) {
            if (scan.isTooNew()) {
                scan.skip();
                continue;
            }
            ScanStop stop = scan.judge();
            if (scan.nextValid() < 0) {
                if (stop == ScanStop.CORRUPT) {
                    throw damaged(segment, scan, "the records behind can't be found");
                }
                return false;
            }
            scan.seek(scan.nextValid());
        }
        return true;
    }

    private static Place place(Segment segment, SegmentScan scan) {
        return new Place(segment, scan.offset(), scan.position(), scan.frameBytes());
    }
}
