package dev.streamwal.lookup;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.SegmentChain;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.BackwardScan;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.StreamEnd;
import dev.streamwal.walk.StreamScan;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the newest records of a stream, as they were at one moment, whatever is appended, cut off and swept meanwhile. One use.
 *
 * <p><b>Why they are of one moment.</b> The end is looked for ({@link StreamEnd}), the records before it are read, backwards, and then it is
 * looked whether the last of them still stands where it stood. Positions aren't given twice, and a cut takes all that is behind it: so if
 * that record is there, no cut has taken it or one before it, and when the end was found, nothing stood behind it. Hence all of them were
 * the newest ones at that moment. If it isn't there, a cut has come between, and all is looked for again. What a sweep takes of them while
 * they are read says so, and all is looked for again as well: there is a first one by then.
 *
 * <p><b>Why nothing is found only where nothing was.</b> A cut keeps the record that it is made behind, in the segment that it was in. So a
 * segment that was passed on the way back without a record had none that were cut off, and where it was deleted, the way back says so.
 */
public final class NewestRecords {

    /** Every attempt fails only if the stream's end is cut off, or its beginning swept, during it. */
    private static final int MAX_ATTEMPTS = 64;

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** The newest one that was found; null where none was. */
    private @Nullable Place last;
    private @Nullable Place first;
    /** Newest first; null where they are too many to be held, or something between them couldn't be read. */
    private @Nullable List<LastRecord> held = new ArrayList<>();
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
     * The record at the greatest position; empty where there is none.
     *
     * @throws dev.streamwal.error.CorruptSegmentException where the last record, or what stands there, is damaged
     */
    public Optional<LastRecord> last() throws IOException {
        read(1);
        return Optional.ofNullable(held).filter(records -> !records.isEmpty()).map(records -> records.get(0));
    }

    /**
     * The newest {@code count} records, the oldest of them first. They are read now, unless they are more than what a scan reads at a time, or
     * something between them can't be read: then the walk reads them as a scan does, and tells what it comes by.
     *
     * @throws dev.streamwal.error.CorruptSegmentException where the last record, or what stands there, is damaged
     */
    public RecordWalk walk(int count) throws IOException {
        read(count);
        List<LastRecord> records = held;
        if (records == null) {
            Place oldest = Objects.requireNonNull(first, "no first record, although too many were found to be held");
            return new StreamScan(log, catalog, TimeRange.ALL, ReadSizes.large(log.settings()),
                    StreamScan.Rest.at(oldest.segment(), oldest.offset(), oldest.position(), StreamScan.Telling.NOTHING));
        }
        Place newest = last;
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
                throw new IOException("stream's end was cut during each of " + MAX_ATTEMPTS + " attempts to read it: stream="
                        + catalog.key() + "; try again", why);
            }
        }
    }

    private boolean isReadAtOneMoment(int count) throws IOException {
        last = null;
        first = null;
        held = new ArrayList<>();
        heldBytes = 0;
        SegmentChain listed = catalog.refresh();
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
            } catch (EntryExpiredException e) {
                throw e;
            } catch (WalException e) {
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
        List<LastRecord> records = held;
        if (records == null) {
            return;
        }
        heldBytes += scan.record().frameBytes();
        if (heldBytes > log.settings().scanBufferBytes() && !records.isEmpty()) {
            held = null;
        } else {
            records.add(LastRecord.of(scan.record()));
        }
    }

    /** By name: a segment may have been deleted, or a copy put in its place, while it was open. */
    private boolean isStillThere(Place place) throws IOException {
        try (SegmentReader reader = place.segment().open(log.channels())) {
            return reader.stillHas(place.offset(), place.size());
        }
    }
}
