package dev.streamwal.walk;

import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * Signs of records behind the place that a tail has reached. When all that is left of a stream is deleted, nothing in the log tells any more how far it
 * went, and if it comes again later, nothing tells whether records are missing in between. Only a tail that has seen signs of them can tell its
 * reader. Immutable.
 *
 * <p>A record that was seen may be of the time before the stream went, or of the time after it came again. Its end tells: the stream comes again at or
 * above the ends of all records before.
 *
 * <p><b>Why a record that was seen limits what may have been missed since.</b> A stream's positions only rise. So a record that has come since stands at
 * or above the end of each record that was seen before. If the stream comes again below such an end, the record that was seen is of the time after
 * it came again, and what came later still stands behind that place. None of it was missed before it. A record that was seen at the same look as
 * the sign of missed ones limits nothing: it may have come after these.
 */
public final class EndDoubt {

    /** More than a stream has parts in shared segments that aren't packed. */
    private static final int MAX_ENDS = 16;

    private static final long NOWHERE = Long.MAX_VALUE;

    /** No sign of any record. */
    public static final EndDoubt NONE = new EndDoubt(new long[0], StreamScan.UNKNOWN, false, NOWHERE);

    /** Records may have come, or not, wherever. */
    public static final EndDoubt MAY_BE_MORE = new EndDoubt(new long[0], StreamScan.UNKNOWN, true, NOWHERE);

    /**
     * Records may have come, or not, since the signs before were seen. So it is to be noted before the ends of records that were seen at the look that
     * finds this.
     */
    public static final EndDoubt MAY_BE_MORE_SINCE = new EndDoubt(new long[0], StreamScan.UNKNOWN, false, StreamScan.UNKNOWN);

    /** Where records end that were seen, in ascending order. */
    private final long[] ends;
    /** The highest of these ends, also of those that aren't kept. */
    private final long seenTo;
    private final boolean mayBeMore;
    /** Where the records begin, at the lowest, that may have come since others were seen; {@link #NOWHERE} for none. */
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
        // the first doubt is the farthest: what was seen only rises
        long since = sinceFrom == NOWHERE && later.sinceFrom != NOWHERE ? Math.max(seenTo, later.sinceFrom) : sinceFrom;
        if (later.ends.length == 0 && (mayBeMore || !later.mayBeMore) && since == sinceFrom) {
            return this;
        }
        long[] both = LongStream.concat(Arrays.stream(ends), Arrays.stream(later.ends)).sorted().distinct().toArray();
        boolean isTooMany = both.length > MAX_ENDS;
        return new EndDoubt(isTooMany ? Arrays.copyOf(both, MAX_ENDS) : both, Math.max(seenTo, later.seenTo),
                mayBeMore || later.mayBeMore || isTooMany, since);
    }

    /** Without the signs of records up to a position, which the tail has read, or told of. */
    public EndDoubt behind(long position) {
        if (ends.length == 0 || ends[0] > position) {
            return this;
        }
        long[] left = Arrays.stream(ends).filter(end -> end > position).toArray();
        if (left.length == 0 && seenTo <= position) {
            // below that it can't come again, so it doesn't matter any more how far it was seen
            EndDoubt more = mayBeMore ? MAY_BE_MORE : NONE;
            return sinceFrom == NOWHERE ? more : more.and(MAY_BE_MORE_SINCE);
        }
        return new EndDoubt(left, seenTo, mayBeMore, sinceFrom);
    }

    /** Whether records between two positions were there, or may have been, if the stream comes again at the second one. */
    boolean isCastOn(long from, long again) {
        return mayBeMore || sinceFrom < again || lastEnd(again) > from;
    }

    /** Where the last record ends that was seen, and ends at or before a position; {@link StreamScan#UNKNOWN} for none. */
    long lastEnd(long limit) {
        return Arrays.stream(ends).filter(end -> end <= limit).max().orElse(StreamScan.UNKNOWN);
    }
}
