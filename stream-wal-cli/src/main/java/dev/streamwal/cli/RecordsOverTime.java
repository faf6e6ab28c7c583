package dev.streamwal.cli;

import dev.streamwal.retention.StreamPolicy;
import java.util.Arrays;

/**
 * Counts records over time in a bounded number of columns, which become wider whenever the times don't fit: one pass over any range, with little
 * memory. A column begins at a multiple of its width, and each width is a multiple of the one before, so that narrow columns merge into wider ones
 * whole.
 */
final class RecordsOverTime {

    private static final int COLUMNS = 64;
    private static final String BARS = "▁▂▃▄▅▆▇█";

    private static final long SECOND = 1_000;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;
    /** The last width suffices for all possible timestamps. */
    private static final long[] WIDTHS = {
        1, 5, 10, 50, 100, 500,
        SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND,
        MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE,
        HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
        DAY, 5 * DAY, 10 * DAY, 50 * DAY, 100 * DAY, 500 * DAY, 1_000 * DAY, 10_000 * DAY, 100_000 * DAY
    };

    private final long[] counts = new long[COLUMNS];
    private long start;
    private int width;
    private long first = Long.MAX_VALUE;
    private long last = Long.MIN_VALUE;

    /** Adds records of one time; a time that no log accepts counts as the nearest accepted one. */
    void add(long timestampMillis, long records) {
        long time = Math.max(StreamPolicy.MIN_TIMESTAMP_MILLIS, Math.min(timestampMillis, StreamPolicy.MAX_TIMESTAMP_MILLIS));
        start = isEmpty() ? time : start;
        first = Math.min(first, time);
        last = Math.max(last, time);
        if (time < start || time - start >= COLUMNS * widthMillis()) {
            makeRoom();
        }
        counts[column(time)] += records;
    }

    /** Adds records, spread evenly from the first time to the last. */
    void add(long firstMillis, long lastMillis, long records) {
        long parts = Math.min(records, COLUMNS);
        for (long part = 0; part < parts; part++) {
            long share = records * (part + 1) / parts - records * part / parts;
            long distance = parts == 1 ? 0 : (lastMillis - firstMillis) / (parts - 1) * part;
            add(part == parts - 1 && parts > 1 ? lastMillis : firstMillis + distance, share);
        }
    }

    private void makeRoom() {
        long[] old = counts.clone();
        long oldStart = start;
        long oldWidth = widthMillis();
        start = Math.floorDiv(first, widthMillis()) * widthMillis();
        while (last - start >= COLUMNS * widthMillis()) {
            width++;
            start = Math.floorDiv(first, widthMillis()) * widthMillis();
        }
        Arrays.fill(counts, 0);
        for (int i = 0; i < COLUMNS; i++) {
            if (old[i] > 0) {
                counts[column(oldStart + i * oldWidth)] += old[i];
            }
        }
    }

    private int column(long time) {
        return (int) ((time - start) / widthMillis());
    }

    boolean isEmpty() {
        return first > last;
    }

    /** The earliest time. */
    long first() {
        return first;
    }

    /** The latest time. */
    long last() {
        return last;
    }

    /** Where the first of the {@link #columns()} begins. */
    long startMillis() {
        return start + column(first) * widthMillis();
    }

    /** The width of each of the {@link #columns()}. */
    long widthMillis() {
        return WIDTHS[width];
    }

    /** Records, from the column of the earliest time to that of the latest. */
    long[] columns() {
        return isEmpty() ? new long[0] : Arrays.copyOfRange(counts, column(first), column(last) + 1);
    }

    /** The columns, a character each: a blank where there is no record, else one of eight heights, the highest for the most. */
    String sparkline() {
        long[] columns = columns();
        long most = Arrays.stream(columns).max().orElse(0);
        StringBuilder line = new StringBuilder();
        for (long records : columns) {
            line.append(records == 0 ? ' ' : BARS.charAt((int) ((double) (records - 1) / most * BARS.length())));
        }
        return line.toString();
    }
}
