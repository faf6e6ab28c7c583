package dev.streamwal.format;

/**
 * A clock-aligned span of time, {@code [startMillis, endMillis)}, in epoch milliseconds: what one segment of a stream is for.
 *
 * @param startMillis inclusive
 * @param endMillis exclusive
 */
public record Window(long startMillis, long endMillis) {

    public Window {
        if (startMillis >= endMillis) {
            throw new IllegalArgumentException("a window ends after it starts: start=" + startMillis + ", end=" + endMillis);
        }
    }

    /** The window of length {@code lengthMillis} that holds the timestamp; windows start at multiples of their length. */
    public static Window containing(long timestampMillis, long lengthMillis) {
        long start = Math.floorDiv(timestampMillis, lengthMillis) * lengthMillis;
        return new Window(start, start + lengthMillis);
    }

    public boolean contains(long timestampMillis) {
        return startMillis <= timestampMillis && timestampMillis < endMillis;
    }
}
