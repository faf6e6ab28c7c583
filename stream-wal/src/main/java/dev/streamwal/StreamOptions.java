package dev.streamwal;

import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.engine.OptionLimits;
import dev.streamwal.format.StreamKey;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What the streams whose keys match a pattern do differently from the log: see {@link WalOptions.Builder#streams}. What
 * isn't set is as for the log. Immutable.
 *
 * @since 1.0
 */
public final class StreamOptions {

    /** Each sweep reads what they have committed. */
    private static final int MAX_CONSUMERS = 64;

    private final @Nullable Duration window;
    private final @Nullable Duration retention;
    private final @Nullable Long maxBytesPerStream;
    private final @Nullable Durability durability;
    private final @Nullable Integer segmentBytes;
    private final @Nullable Segments segments;
    private final List<RetainFor> retainedFor;

    private StreamOptions(Builder builder) {
        this.window = builder.window;
        this.retention = builder.retention;
        this.maxBytesPerStream = builder.maxBytesPerStream;
        this.durability = builder.durability;
        this.segmentBytes = builder.segmentBytes;
        this.segments = builder.segments;
        this.retainedFor = List.copyOf(builder.retainedFor.values());
    }

    /**
     * Nothing set yet.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * How long the span of time is that one segment is for.
     *
     * @return empty: as for the log
     */
    public Optional<Duration> window() {
        return Optional.ofNullable(window);
    }

    /**
     * How long after its window's end a segment is kept.
     *
     * @return empty: as for the log
     */
    public Optional<Duration> retention() {
        return Optional.ofNullable(retention);
    }

    /**
     * Above how many bytes a stream's oldest sealed segments are deleted.
     *
     * @return empty: as for the log
     */
    public OptionalLong maxBytesPerStream() {
        return maxBytesPerStream == null ? OptionalLong.empty() : OptionalLong.of(maxBytesPerStream);
    }

    /**
     * What a record survives once its append has returned, unless the append says otherwise.
     *
     * @return empty: as for the log
     */
    public Optional<Durability> durability() {
        return Optional.ofNullable(durability);
    }

    /**
     * How many bytes a segment holds.
     *
     * @return empty: as for the log
     */
    public OptionalInt segmentBytes() {
        return segmentBytes == null ? OptionalInt.empty() : OptionalInt.of(segmentBytes);
    }

    /**
     * Whether a stream has segments of its own.
     *
     * @return empty: {@link Segments#AUTO}
     */
    public Optional<Segments> segments() {
        return Optional.ofNullable(segments);
    }

    /**
     * For which consumers a stream keeps what they haven't committed.
     *
     * @return in the order in which they were given; empty: for none
     */
    public List<RetainFor> retainedFor() {
        return retainedFor;
    }

    @Override
    public String toString() {
        return "StreamOptions[window=" + window + ", retention=" + retention + ", maxBytesPerStream=" + maxBytesPerStream
                + ", durability=" + durability + ", segmentBytes=" + segmentBytes + ", segments=" + segments
                + ", retainedFor=" + retainedFor + ']';
    }

    /** Makes {@link StreamOptions}. Each method returns this builder. Not thread-safe. */
    public static final class Builder {

        private @Nullable Duration window;
        private @Nullable Duration retention;
        private @Nullable Long maxBytesPerStream;
        private @Nullable Durability durability;
        private @Nullable Integer segmentBytes;
        private @Nullable Segments segments;
        private final Map<String, RetainFor> retainedFor = new LinkedHashMap<>();

        private Builder() {}

        /**
         * How long the span of time is that one segment is for. A changed value governs new segments. Where neither this nor
         * {@link WalOptions.Builder#window} is given, it follows from the retention as it does there.
         *
         * @param window 1 ms to 3,653 days, in whole milliseconds
         * @return this
         * @throws IllegalArgumentException where it is outside of that
         */
        public Builder window(Duration window) {
            this.window = OptionLimits.window(window);
            return this;
        }

        /**
         * How long after its window's end a segment is kept. A changed value governs new segments.
         *
         * @param retention zero to 3,652,500 days, in whole milliseconds
         * @return this
         * @throws IllegalArgumentException where it is outside of that
         */
        public Builder retention(Duration retention) {
            this.retention = OptionLimits.retention(retention);
            return this;
        }

        /**
         * Above how many bytes a stream's oldest sealed segments are deleted. The segment that is being written isn't,
         * so that a stream may have one segment more.
         *
         * @param bytes 1 or more, of each matching stream by itself
         * @return this
         * @throws IllegalArgumentException where it is less
         */
        public Builder maxBytesPerStream(long bytes) {
            this.maxBytesPerStream = OptionLimits.maxBytes("maxBytesPerStream", bytes);
            return this;
        }

        /**
         * What a record survives once its append has returned, unless the append says otherwise.
         *
         * @param durability for each matching stream by itself
         * @return this
         */
        public Builder durability(Durability durability) {
            this.durability = Objects.requireNonNull(durability, "durability");
            return this;
        }

        /**
         * How many bytes a segment holds, its header included.
         *
         * @param bytes 4,096 to 1,073,741,824 (1 GiB)
         * @return this
         * @throws IllegalArgumentException where it is outside of that
         */
        public Builder segmentBytes(int bytes) {
            this.segmentBytes = OptionLimits.segmentBytes(bytes);
            return this;
        }

        /**
         * Whether a stream has segments of its own. A changed value governs what is appended after the log is opened the next time.
         *
         * @param segments by default {@link Segments#AUTO}
         * @return this
         */
        public Builder segments(Segments segments) {
            this.segments = Objects.requireNonNull(segments, "segments");
            return this;
        }

        /**
         * Keeps what a consumer hasn't committed beyond what the retention, {@link #maxBytesPerStream} and the log's limits of bytes say, within
         * limits. A segment that would go stays while the consumer's committed position is below the segment's end, its expiration is
         * less than {@code maxTime} ago, and it has, with the later segments of the stream that would go too, at most {@code maxBytes}.
         * Beyond a limit the oldest go first, and the consumer is told exactly which positions it has lost.
         *
         * <ul>
         *   <li>A consumer that hasn't come yet holds as one that has committed nothing. One that reads other streams holds nothing
         *       here.
         *   <li>Consumers in other processes count: a sweep reads what they have committed.
         *   <li>What is held comes on top of {@link WalOptions.Builder#maxTotalBytes}, which takes nothing that is held, nor anything of
         *       other streams in its place. So the disk needs room for that limit and for {@code maxBytes} of each stream.
         *   <li>Of several consumers each has its own limits; a segment stays as long as one of them holds it.
         *   <li>Where a consumer's cursor can't be read, it holds as if it had committed nothing, and the failure is reported as one of
         *       a sweep.
         *   <li>{@link StreamWal#purge} and {@link StreamWal#delete} don't ask. Nor does a consumer that goes back get more than is
         *       there then.
         * </ul>
         *
         * @param consumer the consumer's name; given again, it replaces what was said before
         * @param maxBytes 1 or more, of each matching stream by itself
         * @param maxTime zero to 3,652,500 days, in whole milliseconds
         * @return this
         * @throws IllegalArgumentException where the name can't be one, a value is outside of that, or there are more than
         *     {@value #MAX_CONSUMERS} consumers
         */
        public Builder retainFor(String consumer, long maxBytes, Duration maxTime) {
            StreamKey name = CursorFiles.name(consumer);
            retainedFor.put(name.text(), new RetainFor(new RetainFor.Fields(name.text(), OptionLimits.maxBytes("maxBytes", maxBytes),
                    OptionLimits.span("maxTime", maxTime, Duration.ZERO, OptionLimits.MAX_RETENTION))));
            if (retainedFor.size() > MAX_CONSUMERS) {
                retainedFor.remove(name.text());
                throw new IllegalArgumentException(
                        "more than " + MAX_CONSUMERS + " consumers to retain a stream's records for: consumer=" + consumer);
            }
            return this;
        }

        /**
         * Makes the options; the builder can go on.
         *
         * @return what is set now
         */
        public StreamOptions build() {
            return new StreamOptions(this);
        }
    }
}
