package dev.streamwal.walk;

import java.util.Arrays;

/**
 * Signs of records behind the place that a tail has reached. When all that is left of a stream is deleted, nothing in the log tells any more how far the stream
 * went. If the stream comes again later, nothing tells whether records are missing in between. Only a tail that has seen signs of such records can tell its
 * reader. Immutable.
 *
 * <p>A record that was seen may be from before the stream was deleted, or from after it came again. The record's end tells which: the stream comes again at or
 * above the ends of all earlier records.
 *
 * <p><b>Why a record that was seen limits what may have been missed since.</b> A stream's positions only rise. So a record that has come since stands at or
 * above the end of each record that was seen before. If the stream comes again below such an end, the record that was seen is from after it came again, and
 * records that came later still stand behind the place where it came again. None of them was missed before that place. A record that was seen at the same look
 * as the sign of missed ones limits nothing: it may have come after the missed ones.
 */
public final class EndDoubt {

    /** More than the parts that a stream has in shared segments that aren't packed. */
    private static final int MAX_ENDS = 16;

    private static final long NOWHERE = Long.MAX_VALUE;

    /** No sign of any record. */
    public static final EndDoubt NONE = new EndDoubt(new long[0], StreamScan.UNKNOWN, false, NOWHERE);

    /** Records may have come, anywhere. */
    public static final EndDoubt MAY_BE_MORE = new EndDoubt(new long[0], StreamScan.UNKNOWN, true, NOWHERE);

    /** Records may have come since the signs before were seen. A look that finds this notes it before the ends of the records that it has seen. */
    public static final EndDoubt MAY_BE_MORE_SINCE = new EndDoubt(new long[0], StreamScan.UNKNOWN, false, StreamScan.UNKNOWN);

    /** Ends of records that were seen, in ascending order. */
    private final long[] ends;
    /** The highest end that was seen, including ends that aren't kept. */
    private final long seenTo;
    private final boolean mayBeMore;
    /** The lowest position of records that may have come since others were seen; {@link #NOWHERE} for none. */
    private final long sinceFrom;

    private EndDoubt(long[] ends, long seenTo, boolean mayBeMore, long sinceFrom) {
        this.ends = ends;
        this.seenTo = seenTo;
        this.mayBeMore = mayBeMore;
        this.sinceFrom = sinceFrom;
    }

    /** A record was seen that ends at the position. */
    public static EndDoubt seen(long recordEnd) {
        return new EndDoubt(new long[] {recordEnd}, recordEnd, false, NOWHERE);
    }

    /**
     * The signs of both.
     *
     * @param later signs that were seen after these
     */
    public EndDoubt and(EndDoubt later) {
        // the first doubt begins lowest: the end that was seen only rises
        long since = sinceFrom == NOWHERE && later.sinceFrom != NOWHERE ? Math.max(seenTo, later.sinceFrom) : sinceFrom;
        if (later.ends.length == 0 && (mayBeMore || !later.mayBeMore) && since == sinceFrom) {
            return this;
        }
        if (this == NONE) {
            return later;
        }
        long[] both = inOrder(ends, later.ends);
        boolean isTooMany = both.length > MAX_ENDS;
        return new EndDoubt(isTooMany ? Arrays.copyOf(both, MAX_ENDS) : both, Math.max(seenTo, later.seenTo),
                mayBeMore || later.mayBeMore || isTooMany, since);
    }

    /** The numbers of both, each once, in ascending order. A tail asks for each record that arrives, so this makes no streams. */
    private static long[] inOrder(long[] some, long[] others) {
        long[] both = Arrays.copyOf(some, some.length + others.length);
        System.arraycopy(others, 0, both, some.length, others.length);
        Arrays.sort(both);
        int length = 0;
        for (long each : both) {
            if (length == 0 || both[length - 1] != each) {
                both[length++] = each;
            }
        }
        return Arrays.copyOf(both, length);
    }

    /** Without the signs of records up to a position, which the tail has read or reported. */
    public EndDoubt behind(long position) {
        if (ends.length == 0 || ends[0] > position) {
            return this;
        }
        long[] left = Arrays.stream(ends).filter(end -> end > position).toArray();
        if (left.length == 0 && seenTo <= position) {
            // the stream can't come again below that position, so it doesn't matter any more how far it was seen
            EndDoubt more = mayBeMore ? MAY_BE_MORE : NONE;
            return sinceFrom == NOWHERE ? more : more.and(MAY_BE_MORE_SINCE);
        }
        return new EndDoubt(left, seenTo, mayBeMore, sinceFrom);
    }

    /** Whether records between two positions were there, or may have been, if the stream comes again at the second one. */
    boolean isCastOn(long from, long again) {
        return mayBeMore || sinceFrom < again || hasSeen(from, again);
    }

    /** Whether a record between two positions was seen. */
    boolean hasSeen(long from, long to) {
        return lastEnd(to) > from;
    }

    /** The highest end of a record that was seen, at or before a position; {@link StreamScan#UNKNOWN} for none. */
    long lastEnd(long limit) {
        return Arrays.stream(ends).filter(end -> end <= limit).max().orElse(StreamScan.UNKNOWN);
    }
}
