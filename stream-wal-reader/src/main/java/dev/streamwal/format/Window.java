package dev.streamwal.format;

/**
 * A clock-aligned span of time, {@code [startMillis, endMillis)}, in epoch milliseconds, that one segment of a stream
 * covers.
 *
 * @param startMillis inclusive
 * @param endMillis exclusive
 */
public record Window(long startMillis, long endMillis) {

    public Window {
        if (startMillis >= endMillis) {
            throw new IllegalArgumentException("window doesn't end after its start: start=" + startMillis + ", end="
                    + endMillis);
        }
    }

    /**
     * The window of length {@code lengthMillis} that holds the timestamp; windows start at multiples of their length.
     * The first and the last end at the limits of a {@code long}, so that an absurd timestamp gets an absurd window and
     * doesn't wrap into another one. {@code Long.MAX_VALUE} itself lies in no window, and gets the last.
     */
    public static Window containing(long timestampMillis, long lengthMillis) {
        if (lengthMillis <= 0) {
            throw new IllegalArgumentException("window length is not positive: lengthMillis=" + lengthMillis);
        }
        long before = Math.floorMod(timestampMillis, lengthMillis);
        long start = timestampMillis < Long.MIN_VALUE + before ? Long.MIN_VALUE : timestampMillis - before;
        long after = lengthMillis - before;
        long end = timestampMillis > Long.MAX_VALUE - after ? Long.MAX_VALUE : timestampMillis + after;
        return start < end ? new Window(start, end) : new Window(end - lengthMillis, end);
    }

    public boolean contains(long timestampMillis) {
        return startMillis <= timestampMillis && timestampMillis < endMillis;
    }
}
