package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How many segments of their own a log's streams have, how large these are, and how much was appended to them: kept up to date by each {@link
 * SegmentList}, so that no caller has to go through the streams. Thread-safe.
 */
public final class SegmentTotals {

    @GuardedBy("this")
    private final Set<ActiveSegment> unfinished = new HashSet<>();

    /** Number of all segments in lists. */
    @GuardedBy("this")
    private int segments;

    /** Bytes of those segments that have their final size. */
    @GuardedBy("this")
    private long bytes;

    /** What was appended to segments that are no longer unfinished. */
    @GuardedBy("this")
    private Appended appended = Appended.NOTHING;

    /**
     * The totals of one moment.
     *
     * @param bytes of the files, including space prepared ahead
     * @param appended since the log was opened
     */
    public record Sums(int segments, long bytes, Appended appended) {}

    /** A segment is in a list now, or no longer. */
    synchronized void changed(int moreSegments, long moreBytes) {
        segments += moreSegments;
        bytes += moreBytes;
    }

    /** A segment is appended to, or waits for its footer. */
    synchronized void opened(ActiveSegment segment) {
        unfinished.add(segment);
    }

    /** Nothing more is appended to the segment, and its size is known. */
    void released(ActiveSegment segment) {
        Appended last = segment.appended();
        synchronized (this) {
            if (unfinished.remove(segment)) {
                appended = appended.plus(last);
            }
        }
    }

    /**
     * The sums now. Goes through the segments that are unfinished, and walks what was appended to them since the last call; the records that were
     * counted once stay counted.
     */
    public Sums sums() {
        List<ActiveSegment> open;
        int count;
        long size;
        Appended records;
        synchronized (this) {
            open = List.copyOf(unfinished);
            count = segments;
            size = bytes;
            records = appended;
        }
        // without the lock: a segment that is being forced makes this thread wait, and must not make rotations wait
        for (ActiveSegment segment : open) {
            size += segment.fileBytes();
            records = records.plus(segment.appended());
        }
        return new Sums(count, size, records);
    }
}
