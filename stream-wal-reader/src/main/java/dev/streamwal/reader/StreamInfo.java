package dev.streamwal.reader;

import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The extent of a stream at the time of the call. Immutable.
 *
 * @since 1.0
 */
public final class StreamInfo {

    private final String key;
    private final int segments;
    private final long bytes;
    private final long firstPosition;
    private final long endPosition;
    private final OptionalLong smallestTimestampMillis;
    private final OptionalLong largestTimestampMillis;

    StreamInfo(
            String key, int segments, long bytes, long firstPosition, long endPosition, OptionalLong smallestTimestampMillis, OptionalLong largestTimestampMillis) {
        this.key = key;
        this.segments = segments;
        this.bytes = bytes;
        this.firstPosition = firstPosition;
        this.endPosition = endPosition;
        this.smallestTimestampMillis = smallestTimestampMillis;
        this.largestTimestampMillis = largestTimestampMillis;
    }

    /** {@return the key of the stream} */
    public String key() {
        return key;
    }

    /** {@return how many segments it has} */
    public int segments() {
        return segments;
    }

    /** {@return the size of the segments in bytes, including prepared space} */
    public long bytes() {
        return bytes;
    }

    /** {@return the stream position where the first segment begins} */
    public long firstPosition() {
        return firstPosition;
    }

    /** {@return the stream position where the last visible record ends} */
    public long endPosition() {
        return endPosition;
    }

    /** {@return the smallest timestamp, epoch ms; empty where there is no record} */
    public OptionalLong smallestTimestampMillis() {
        return smallestTimestampMillis;
    }

    /** {@return the largest timestamp, epoch ms; empty where there is no record} */
    public OptionalLong largestTimestampMillis() {
        return largestTimestampMillis;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof StreamInfo other
                && key.equals(other.key)
                && segments == other.segments
                && bytes == other.bytes
                && firstPosition == other.firstPosition
                && endPosition == other.endPosition
                && smallestTimestampMillis.equals(other.smallestTimestampMillis)
                && largestTimestampMillis.equals(other.largestTimestampMillis);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, segments, bytes, firstPosition, endPosition, smallestTimestampMillis, largestTimestampMillis);
    }

    @Override
    public String toString() {
        return "StreamInfo[key=" + key + ", segments=" + segments + ", bytes=" + bytes + ", firstPosition=" + firstPosition
                + ", endPosition=" + endPosition + ", smallestTimestampMillis=" + smallestTimestampMillis
                + ", largestTimestampMillis=" + largestTimestampMillis + "]";
    }
}
