package dev.streamwal.lookup;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.BackwardScan;
import dev.streamwal.walk.EndAtCall;
import dev.streamwal.walk.HeldRecord;
import dev.streamwal.walk.HeldRecords;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.StreamEnd;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.WalkUpTo;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the newest records of a stream as of one moment, while records are appended, cut off and swept. One use.
 *
 * <p><b>Why they are of one moment.</b> {@link StreamEnd} finds the end, and the records before it are read backwards. Then the last of them is
 * looked up again. Positions aren't given twice, and a cut removes everything after it. So if that record is still there, no cut has removed it or
 * one before it, and at some moment of the call there was no record after it ({@link EndAtCall}). Hence all records read were the newest ones at that
 * moment. If it is gone, there was a cut in between, and everything is repeated. If a sweep deletes some of the records before they are read, reading them
 * fails, and everything is repeated as well; by then the stream has another first record.
 *
 * <p><b>Why an empty result means that there was no record.</b> A cut keeps the record that it is made after, in its segment. So a segment in which
 * the backward scan finds no record had none that were cut off; if it was deleted, the scan throws.
 */
public final class NewestRecords {

    /** An attempt fails only if the stream's end is cut off, or its beginning swept, during it. */
    private static final int MAX_ATTEMPTS = 64;
    /** Limit of listings for one segment that moves from pack to pack. */
    private static final int MAX_LISTINGS = 16;

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** The newest record found; null for none. */
    private @Nullable Place last;
    private @Nullable Place first;
    /** The records, newest first; null if they are too large to be held, or one between them couldn't be read. */
    private @Nullable List<HeldRecord> held = new ArrayList<>();
    private long heldBytes;

    private record Place(Segment segment, long offset, long position, int size) {

        static Place of(BackwardScan scan) {
            return new Place(scan.segment(), scan.offset(), scan.record().position(), scan.record().frameBytes());
        }
    }

    /** @param catalog listed just now */
    public NewestRecords(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    /**
     * The record at the greatest position; empty if there is none.
     *
     * @throws dev.streamwal.error.CorruptSegmentException if the end of the stream is damaged
     */
    public Optional<HeldRecord> last() throws IOException {
        read(1);
        return Optional.ofNullable(held).filter(records -> !records.isEmpty()).map(records -> records.get(0));
    }

    /**
     * The newest {@code count} records, the oldest of them first. They are read now, unless they are larger than a scan's buffer, or one between
     * them can't be read. Then the walk reads them as a scan does, and reports the damage when it comes there.
     *
     * @throws dev.streamwal.error.CorruptSegmentException if the end of the stream is damaged
     */
    public RecordWalk walk(int count) throws IOException {
        read(count);
        List<HeldRecord> records = held;
        Place newest = last;
        if (records == null) {
            Place oldest = Objects.requireNonNull(first, "no first record, although too many were found to be held");
            StreamScan scan = new StreamScan(log, catalog, TimeRange.ALL, ReadSizes.large(log.settings()),
                    StreamScan.Rest.at(oldest.segment(), oldest.offset(), oldest.position(), StreamScan.Telling.NOTHING));
            return new WalkUpTo(scan, Objects.requireNonNull(newest, "no last record, although there is a first one").position());
        }
        return new HeldRecords(log, catalog.key().text(), records, newest == null ? 0 : newest.position() + newest.size());
    }

    private void read(int count) throws IOException {
        for (int attempt = 1; ; attempt++) {
            IOException why = null;
            EntryExpiredException overtaken = null;
            try {
                if (isReadAtOneMoment(count)) {
                    return;
                }
            } catch (NoSuchFileException e) {
                why = e;
            } catch (EntryExpiredException e) {
                overtaken = e;
            }
            if (attempt == MAX_ATTEMPTS) {
                if (overtaken != null) {
                    throw overtaken;
                }
                throw new IOException("stream's end was cut or packed during each of " + MAX_ATTEMPTS + " attempts to read it: stream="
                        + catalog.key() + "; try again", why);
            }
        }
    }

    private boolean isReadAtOneMoment(int count) throws IOException {
        last = null;
        first = null;
        held = new ArrayList<>();
        heldBytes = 0;
        ListedSegments listed = catalog.refresh();
        if (listed.size() == 0 || count == 0) {
            return true;
        }
        try (BackwardScan scan = BackwardScan.fromEnd(log, catalog)) {
            collect(scan, count);
        }
        Place newest = last;
        return newest == null || isStillThere(newest);
    }

    private void collect(BackwardScan scan, int count) {
        for (int found = 0; found < count; ) {
            long before = scan.nextPosition();
            try {
                if (!scan.next()) {
                    return;
                }
                hold(scan);
                found++;
            } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) {
                boolean isAtEnd = last == null;
                if (isAtEnd || (e instanceof WalIOException && scan.nextPosition() == before)) {
                    throw e;
                }
                held = null;
            }
        }
    }

    private void hold(BackwardScan scan) {
        first = Place.of(scan);
        last = last == null ? first : last;
        List<HeldRecord> records = held;
        if (records == null) {
            return;
        }
        heldBytes += scan.record().frameBytes();
        if (heldBytes > log.settings().scanBufferBytes() && !records.isEmpty()) {
            held = null;
        } else {
            records.add(HeldRecord.of(scan.record()));
        }
    }

    /** Opens the file anew by its name: the segment may have been deleted, or replaced by a copy, or have moved, while it was open. */
    private boolean isStillThere(Place place) throws IOException {
        try (SegmentReader reader = place.segment().open(log.channels())) {
            return reader.stillHas(place.offset(), place.size());
        } catch (NoSuchFileException e) {
            return isStillThereByPosition(place);
        }
    }

    private boolean isStillThereByPosition(Place place) throws IOException {
        for (int listing = 1; ; listing++) {
            ListedSegments now = catalog.refresh();
            int index = now.floor(place.position());
            if (index < 0) {
                return false;
            }
            try (SegmentReader reader = now.get(index).open(log.channels())) {
                return reader.stillHas(reader.header().offsetOf(place.position()), place.size());
            } catch (NoSuchFileException e) {
                if (listing == MAX_LISTINGS) {
                    throw e;
                }
            }
        }
    }
}
