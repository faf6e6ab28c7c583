package dev.streamwal.segment;

import dev.streamwal.format.SegmentIndex;
import java.time.Instant;
import java.util.Objects;

/**
 * A range of timestamps for a scan, epoch ms.
 *
 * @param fromMillis inclusive
 * @param toMillis exclusive, unless it is {@link Long#MAX_VALUE}
 */
public record TimeRange(long fromMillis, long toMillis) {

    /** Every timestamp. */
    public static final TimeRange ALL = new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE);

    private static final int NANOS_PER_MILLI = 1_000_000;

    /** @throws IllegalArgumentException if {@code toExclusive} is before {@code fromInclusive} */
    public static TimeRange of(Instant fromInclusive, Instant toExclusive) {
        Objects.requireNonNull(fromInclusive, "fromInclusive");
        if (Objects.requireNonNull(toExclusive, "toExclusive").isBefore(fromInclusive)) {
            throw new IllegalArgumentException(
                    "time range ends before its start: from=" + fromInclusive + ", to=" + toExclusive);
        }
        return new TimeRange(ceilMillis(fromInclusive), ceilMillis(toExclusive));
    }

    /** Timestamps are whole milliseconds, so rounding up both ends keeps the same timestamps in the range. */
    private static long ceilMillis(Instant instant) {
        try {
            long floor = instant.toEpochMilli();
            return instant.getNano() % NANOS_PER_MILLI == 0 ? floor : Math.addExact(floor, 1);
        } catch (ArithmeticException beyondLong) {
            return instant.getEpochSecond() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    /** Whether every timestamp is in. */
    public boolean isAll() {
        return fromMillis == Long.MIN_VALUE && toMillis == Long.MAX_VALUE;
    }

    /** Whether the timestamp is in. */
    public boolean contains(long timestampMillis) {
        return timestampMillis >= fromMillis && (timestampMillis < toMillis || toMillis == Long.MAX_VALUE);
    }

    /** Whether a timestamp from {@code smallest} to {@code largest}, both inclusive, can be in. */
    public boolean overlaps(long smallest, long largest) {
        return largest >= fromMillis && (smallest < toMillis || toMillis == Long.MAX_VALUE);
    }

    /** Whether some record in the index can be in. */
    public boolean overlaps(SegmentIndex index) {
        return index.records() > 0 && overlaps(index.smallestTimestampMillis(), index.largestTimestampMillis());
    }

    /** Whether some record in the block can be in. */
    public boolean overlaps(SegmentIndex index, int block) {
        return overlaps(index.smallestTimestampMillis(block), index.largestTimestampMillis(block));
    }
}
