package dev.streamwal;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What the streams whose keys match a pattern do differently from the log: see {@link WalOptions.Builder#streams}. What
 * isn't set is as for the log. Immutable.
 */
public final class StreamOptions {

    private final @Nullable Duration window;
    private final @Nullable Duration retention;
    private final @Nullable Long maxBytes;
    private final @Nullable Durability durability;
    private final @Nullable Integer segmentBytes;

    private StreamOptions(Builder builder) {
        this.window = builder.window;
        this.retention = builder.retention;
        this.maxBytes = builder.maxBytes;
        this.durability = builder.durability;
        this.segmentBytes = builder.segmentBytes;
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
    public OptionalLong maxBytes() {
        return maxBytes == null ? OptionalLong.empty() : OptionalLong.of(maxBytes);
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

    @Override
    public String toString() {
        return "StreamOptions[window=" + window + ", retention=" + retention + ", maxBytes=" + maxBytes
                + ", durability=" + durability + ", segmentBytes=" + segmentBytes + ']';
    }

    /** Makes {@link StreamOptions}. Each method returns this builder. Not thread-safe. */
    public static final class Builder {

        private @Nullable Duration window;
        private @Nullable Duration retention;
        private @Nullable Long maxBytes;
        private @Nullable Durability durability;
        private @Nullable Integer segmentBytes;

        private Builder() {}

        /**
         * How long the span of time is that one segment is for. A changed value governs new segments.
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
        public Builder maxBytes(long bytes) {
            this.maxBytes = OptionLimits.maxBytes("maxBytes", bytes);
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
         * Makes the options; the builder can go on.
         *
         * @return what is set now
         */
        public StreamOptions build() {
            return new StreamOptions(this);
        }
    }
}
