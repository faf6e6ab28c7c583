package dev.streamwal.pack;

import dev.streamwal.format.Window;
import dev.streamwal.segment.TimeRange;

/**
 * The times of a packed segment's records, in 64 bits. Most records are in the pack's window. Late records are anywhere before it. With only the smallest and
 * the largest timestamp, a read of any range of time would have to read nearly all later packs. Time is divided into parts, each as long as the window; a bit
 * is set where the segment has a record in its part. Pure.
 *
 * <pre>
 *   bit 0            after the window
 *   bit 1            in the window
 *   bit 2 to 62      in the part that ends 0 to 60 window lengths before the window's start
 *   bit 63           in an earlier one
 * </pre>
 */
public final class TimeSpread {

    /** All records are in the window, or there is none. */
    public static final long IN_WINDOW = 2;

    /** For a segment whose times aren't known. */
    public static final long ANYWHERE = -1;

    private static final int AFTER_BIT = 0;
    private static final int WINDOW_BIT = 1;
    private static final int EARLIEST_BIT = 63;

    private TimeSpread() {}

    /** The bit of one record. */
    static long of(Window window, long timestampMillis) {
        return 1L << bit(window, timestampMillis);
    }

    /** Whether a segment may have a record in the range. */
    public static boolean mayHave(long spread, Window window, TimeRange range) {
        long last = range.toMillis() == Long.MAX_VALUE ? Long.MAX_VALUE : range.toMillis() - 1;
        if (range.fromMillis() > last) {
            return false;
        }
        // later times have lower bits
        long upToFirst = -1L >>> (EARLIEST_BIT - bit(window, range.fromMillis()));
        long fromLast = -1L << bit(window, last);
        return (spread & upToFirst & fromLast) != 0;
    }

    /** Differences are unsigned, so that the difference of any two times fits. */
    private static int bit(Window window, long millis) {
        if (millis >= window.endMillis()) {
            return AFTER_BIT;
        }
        if (millis >= window.startMillis()) {
            return WINDOW_BIT;
        }
        long parts = Long.divideUnsigned(window.startMillis() - 1 - millis, window.endMillis() - window.startMillis());
        return Long.compareUnsigned(parts, EARLIEST_BIT - WINDOW_BIT - 1) >= 0 ? EARLIEST_BIT : WINDOW_BIT + 1 + (int) parts;
    }
}
