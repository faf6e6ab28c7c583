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
 */
public final class EndDoubt {

    /** More than a stream has parts in shared segments that aren't packed. */
    private static final int MAX_ENDS = 16;

    /** No sign of any record. */
    public static final EndDoubt NONE = new EndDoubt(new long[0], false);

    /** Records may have come, or not. */
    public static final EndDoubt MAY_BE_MORE = new EndDoubt(new long[0], true);

    /** Where records end that were seen, in ascending order. */
    private final long[] ends;
    private final boolean mayBeMore;

    private EndDoubt(long[] ends, boolean mayBeMore) {
        this.ends = ends;
        this.mayBeMore = mayBeMore;
    }

    /** A record was seen that ends at the position. */
    public static EndDoubt seen(long recordEnd) {
        return new EndDoubt(new long[] {recordEnd}, false);
    }

    /** The signs of both. */
    public EndDoubt and(EndDoubt other) {
        if (other.ends.length == 0 && (mayBeMore || !other.mayBeMore)) {
            return this;
        }
        long[] both = LongStream.concat(Arrays.stream(ends), Arrays.stream(other.ends)).sorted().distinct().toArray();
        boolean isTooMany = both.length > MAX_ENDS;
        return new EndDoubt(isTooMany ? Arrays.copyOf(both, MAX_ENDS) : both, mayBeMore || other.mayBeMore || isTooMany);
    }

    /** Without the signs of records up to a position, which the tail has read, or told of. */
    public EndDoubt behind(long position) {
        if (ends.length == 0 || ends[0] > position) {
            return this;
        }
        long[] left = Arrays.stream(ends).filter(end -> end > position).toArray();
        return left.length == 0 ? mayBeMore ? MAY_BE_MORE : NONE : new EndDoubt(left, mayBeMore);
    }

    /** Whether records between two positions were there, or may have been, if the stream comes again at the second one. */
    boolean isCastOn(long from, long again) {
        return mayBeMore || lastEnd(again) > from;
    }

    /** Where the last record ends that was seen, and ends at or before a position; {@link StreamScan#UNKNOWN} for none. */
    long lastEnd(long limit) {
        return Arrays.stream(ends).filter(end -> end <= limit).max().orElse(StreamScan.UNKNOWN);
    }
}
