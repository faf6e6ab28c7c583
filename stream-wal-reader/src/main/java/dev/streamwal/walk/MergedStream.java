package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One stream of a {@link MergedScan}, compared by its next record; open, with a scan, or resting. One thread. */
final class MergedStream implements Comparable<MergedStream> {

    private final String key;
    private long timestampMillis;
    /** Whether it is at its beginning, where records deleted before don't count as missed. */
    private boolean isFirst = true;
    private StreamScan.Rest rest = StreamScan.Rest.atOldest(StreamScan.Telling.NOTHING);
    private @Nullable StreamScan scan;
    /** The buffers' size at the last call of {@link #bufferGrowth()}. */
    private int bufferBytes;

    MergedStream(String key) {
        this.key = key;
    }

    String key() {
        return key;
    }

    boolean isOpen() {
        return scan != null;
    }

    /** Opens a scan where it rests. */
    void open(LogSource log, TimeRange range, ReadSizes sizes) throws IOException {
        SegmentCatalog catalog = isFirst ? log.freshCatalog(key) : log.catalog(key);
        isFirst = false;
        scan = new StreamScan(log, catalog, range, sizes, rest);
    }

    /** The scan that reads it. */
    StreamScan scan() {
        StreamScan open = scan;
        if (open == null) {
            throw new IllegalStateException("stream rests, and has no scan: stream=" + key);
        }
        return open;
    }

    /** Goes to its next record; false where there is none. */
    boolean next() {
        StreamScan open = scan();
        if (!open.next()) {
            return false;
        }
        timestampMillis = open.record().timestampMillis();
        return true;
    }

    /** The growth of its buffers since the last call. */
    int bufferGrowth() {
        int before = bufferBytes;
        bufferBytes = scan == null ? 0 : scan.bufferBytes();
        return bufferBytes - before;
    }

    /** Gives back its memory and its file. */
    void rest() {
        StreamScan open = scan;
        if (open != null) {
            rest = open.rest();
            open.close();
            scan = null;
        }
    }

    @Override
    public int compareTo(MergedStream other) {
        int byTime = Long.compare(timestampMillis, other.timestampMillis);
        return byTime != 0 ? byTime : StreamKey.compare(key, other.key);
    }
}
