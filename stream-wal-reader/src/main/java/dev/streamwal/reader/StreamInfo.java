package dev.streamwal.reader;

import java.util.OptionalLong;

/**
 * The extent of a stream at the time of the call. Immutable.
 *
 * @since 1.0
 */
public final class StreamInfo extends Snapshot<StreamInfo.Fields> {

    record Fields(
            String key, int segments, long bytes, long dataBytes, long firstPosition, long endPosition, OptionalLong smallestTimestampMillis,
            OptionalLong largestTimestampMillis) {}

    StreamInfo(
            String key, int segments, long bytes, long dataBytes, long firstPosition, long endPosition, OptionalLong smallestTimestampMillis,
            OptionalLong largestTimestampMillis) {
        super(new Fields(key, segments, bytes, dataBytes, firstPosition, endPosition, smallestTimestampMillis, largestTimestampMillis));
    }

    /** {@return the key of the stream} */
    public String key() {
        return fields().key();
    }

    /** {@return how many segments it has} */
    public int segments() {
        return fields().segments();
    }

    /**
     * {@return the size of the segments in bytes, including prepared space} It is that of segments in files of their own. In a pack they are compressed and
     * have no headers, so they take less.
     */
    public long bytes() {
        return fields().bytes();
    }

    /**
     * {@return the size of its records in bytes, with their frames, as far as they can be read} The places of erased records count as long as their
     * segment is there. The stream may have skipped positions between its first position and its end, so the distance of these two may be larger.
     */
    public long dataBytes() {
        return fields().dataBytes();
    }

    /** {@return the stream position where the first segment begins} */
    public long firstPosition() {
        return fields().firstPosition();
    }

    /** {@return the stream position where the last visible record ends} */
    public long endPosition() {
        return fields().endPosition();
    }

    /** {@return the smallest timestamp, epoch ms; empty if there is no record} */
    public OptionalLong smallestTimestampMillis() {
        return fields().smallestTimestampMillis();
    }

    /** {@return the largest timestamp, epoch ms; empty if there is no record} */
    public OptionalLong largestTimestampMillis() {
        return fields().largestTimestampMillis();
    }
}
