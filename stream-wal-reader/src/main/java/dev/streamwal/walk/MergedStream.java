package dev.streamwal.walk;

import dev.streamwal.catalog.LogListing;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a {@link MergedScan}, compared by its next record. It is open, with a scan; or it rests, with copies of its next records, as many as there is
 * memory for. If it rests without copies, it is opened to find its next record. One thread.
 */
final class MergedStream implements Comparable<MergedStream> {

    /** Heap that a held record takes besides its bytes. */
    private static final long HELD_OVERHEAD_BYTES = 80;

    private final String key;
    private final ReadMemory memory;
    /** Its place among all streams of the scan in the order of keys; comparing keys themselves took a sixth of a scan's time. */
    private int rank;
    private long timestampMillis;
    /** Whether it is at its beginning, where records deleted before don't count as missed. */
    private boolean isFirst = true;
    private StreamScan.Rest rest = StreamScan.Rest.atOldest(StreamScan.Telling.NOTHING);
    private @Nullable StreamScan scan;
    /** Bytes that {@link #memory} counts for it. */
    private int bufferBytes;
    /** The held records, which come before {@link #rest}; it stands on one of them. Null for none. */
    private @Nullable HeldRecords held;
    /** What reading further threw, to be thrown after the held records; null for nothing. */
    private @Nullable WalException behindHeld;
    /** Whether the last exception left the scan where it was. */
    private boolean isStuck;
    /** Whether there was nothing behind the held records. */
    private boolean isEndBehindHeld;

    MergedStream(String key, ReadMemory memory) {
        this.key = key;
        this.memory = memory;
    }

    String key() {
        return key;
    }

    /** Called in each round, before it is compared with others. */
    void ranked(int place) {
        rank = place;
    }

    boolean isOpen() {
        return scan != null;
    }

    /** Whether it stands on a record. A resting stream whose next record was too large to be held doesn't. */
    boolean isReady() {
        return scan != null || held != null;
    }

    /** Whether it was never opened, so that its segments have to be listed. */
    boolean isFirst() {
        return isFirst;
    }

    /**
     * Opens a scan where it rests.
     *
     * @param listing of the streams that are opened for the first time; null if there are none
     */
    void open(LogSource log, @Nullable LogListing listing, TimeRange range, ReadSizes sizes) throws IOException {
        SegmentCatalog catalog = isFirst && listing != null ? listing.catalog(key) : log.catalog(key, rest.segment());
        isFirst = false;
        scan = new StreamScan(log, catalog, range, sizes, rest);
    }

    /** Stands on the record. */
    RecordWalk onRecord() {
        HeldRecords copies = held;
        return copies == null ? scan() : copies;
    }

    private StreamScan scan() {
        StreamScan open = scan;
        if (open == null) {
            throw new IllegalStateException("stream isn't open: stream=" + key);
        }
        return open;
    }

    /** Goes to its next held record; false if there is none. */
    boolean nextHeld() {
        HeldRecords copies = held;
        if (copies == null) {
            return false;
        }
        if (copies.next()) {
            timestampMillis = copies.record().timestampMillis();
            return true;
        }
        held = null;
        return false;
    }

    /** What reading behind the held records threw, to be thrown once; null for nothing. */
    @Nullable WalException takeFailure() {
        WalException failure = behindHeld;
        behindHeld = null;
        return failure;
    }

    /** Whether there was nothing behind the held records; true once. */
    boolean takeEnd() {
        boolean isEnd = isEndBehindHeld;
        isEndBehindHeld = false;
        return isEnd;
    }

    /** Whether it couldn't go on after the last exception. */
    boolean isStuck() {
        return isStuck;
    }

    /** Notes that it can't be opened. */
    void markStuck() {
        isStuck = true;
    }

    /** Goes to its next record by its scan; false if there is none. */
    boolean next() {
        StreamScan open = scan();
        long before = open.nextPosition();
        try {
            if (!open.next()) {
                return false;
            }
        } catch (WalException e) {
            isStuck = e instanceof WalIOException && open.nextPosition() == before;
            throw e;
        }
        timestampMillis = open.record().timestampMillis();
        bufferBytes = memory.recount(bufferBytes, scan);
        return true;
    }

    /** Gives back its memory and its file. */
    void rest() {
        StreamScan open = scan;
        if (open != null) {
            rest = open.rest();
            open.close();
            scan = null;
            bufferBytes = memory.recount(bufferBytes, scan);
        }
    }

    /** The same, for a stream that stands on a record; keeps copies of that record and of those behind it, as far as the memory goes. */
    void restHolding(LogSource log, long maxBytes) {
        StreamScan open = scan();
        List<HeldRecord> copies = new ArrayList<>();
        boolean isThere = true;
        long bytes = size(open);
        long standing = timestampMillis;
        while (isThere && bytes <= maxBytes) {
            copies.add(HeldRecord.of(open.record()));
            try {
                isThere = next();
                isEndBehindHeld = !isThere;
                bytes += isThere ? size(open) : 0;
            } catch (WalException e) {
                behindHeld = e;
                isThere = false;
            }
        }
        timestampMillis = standing;
        rest();
        if (!copies.isEmpty()) {
            Collections.reverse(copies);
            held = new HeldRecords(log, key, copies, rest.position());
            boolean unused = held.next();
        }
    }

    private static long size(StreamScan open) {
        return open.record().frameBytes() + HELD_OVERHEAD_BYTES;
    }

    @Override
    public int compareTo(MergedStream other) {
        int byTime = Long.compare(timestampMillis, other.timestampMillis);
        return byTime != 0 ? byTime : Integer.compare(rank, other.rank);
    }
}
