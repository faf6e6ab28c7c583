package dev.streamwal;

import dev.streamwal.codec.SampleCodec;
import dev.streamwal.retention.TimeRules;
import java.time.Instant;

/**
 * One key's samples: numbers with a time. Appending a sample makes no garbage. Samples are the records that {@link SampleCodec} writes, and are read
 * by {@link dev.streamwal.reader.EntryCursor#sampleValue()}, or as values of that codec. A sample takes 48 bytes in a segment. Thread-safe.
 *
 * <p>All appends throw what {@link WalStream} says.
 *
 * @since 1.0
 */
public final class SampleStream {

    private final WalStream stream;

    SampleStream(WalStream stream) {
        this.stream = stream;
    }

    /** {@return the stream's key} */
    public String key() {
        return stream.key();
    }

    /** {@return the same stream, for bytes} */
    public WalStream stream() {
        return stream;
    }

    /**
     * Appends a sample, at the time of the log's clock.
     *
     * @param value any number; a NaN keeps its bits
     * @return the record's position
     */
    public long append(double value) {
        return append(WriteEntry.NOW, value);
    }

    /**
     * Appends a sample.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param value any number; a NaN keeps its bits
     * @return the record's position
     */
    public long append(long timestampMillis, double value) {
        return stream.appendSample(timestampMillis, value);
    }

    /**
     * Appends a sample.
     *
     * @param timestamp stored as the millisecond in which it lies, as by {@link WalStream#append(Instant, byte[])}
     * @param value any number; a NaN keeps its bits
     * @return the record's position
     */
    public long append(Instant timestamp, double value) {
        return append(TimeRules.millis(timestamp), value);
    }

    /** The key. */
    @Override
    public String toString() {
        return stream.toString();
    }
}
