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
 * Options of the streams whose keys match a pattern, in place of the log's: see {@link WalOptions.Builder#streams}. Options that aren't set are as
 * for the log. Immutable.
 *
 * @since 1.0
 */
public final class StreamOptions {

    /** Limited, because each sweep reads the commits of all consumers. */
    private static final int MAX_CONSUMERS = 64;

    private final Fields fields;

    /** What isn't given is null. */
    private record Fields(@Nullable Duration window, @Nullable Duration retention, @Nullable Long maxBytesPerStream, @Nullable Durability durability,
            @Nullable Integer segmentBytes, @Nullable Segments segments, @Nullable Boolean encrypted, List<RetainFor> retainedFor) {}

    private StreamOptions(Fields fields) {
        this.fields = fields;
    }

    /** {@return a new builder, with nothing set} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the time span covered by one segment; empty: as for the log} */
    public Optional<Duration> window() {
        return Optional.ofNullable(fields.window);
    }

    /** {@return how long after its window's end a segment is kept; empty: as for the log} */
    public Optional<Duration> retention() {
        return Optional.ofNullable(fields.retention);
    }

    /** {@return the limit of a stream's bytes, above which its oldest sealed segments are deleted; empty: as for the log} */
    public OptionalLong maxBytesPerStream() {
        return fields.maxBytesPerStream == null ? OptionalLong.empty() : OptionalLong.of(fields.maxBytesPerStream);
    }

    /** {@return what a record survives once its append has returned, unless the append says otherwise; empty: as for the log} */
    public Optional<Durability> durability() {
        return Optional.ofNullable(fields.durability);
    }

    /** {@return how many bytes a segment holds; empty: as for the log} */
    public OptionalInt segmentBytes() {
        return fields.segmentBytes == null ? OptionalInt.empty() : OptionalInt.of(fields.segmentBytes);
    }

    /** {@return whether a stream has segments of its own; empty: {@link Segments#AUTO}} */
    public Optional<Segments> segments() {
        return Optional.ofNullable(fields.segments);
    }

    /** {@return whether records are encrypted; empty: as for the log} */
    public Optional<Boolean> encrypted() {
        return Optional.ofNullable(fields.encrypted);
    }

    /** {@return the consumers for which a stream keeps the records that they haven't committed, in the order in which they were given} */
    public List<RetainFor> retainedFor() {
        return fields.retainedFor;
    }

    @Override
    public String toString() {
        String text = fields.toString();
        return "StreamOptions" + text.substring(text.indexOf('['));
    }

    /** Builds {@link StreamOptions}. Each method returns this builder. Not thread-safe. */
    public static final class Builder {

        private @Nullable Duration window;
        private @Nullable Duration retention;
        private @Nullable Long maxBytesPerStream;
        private @Nullable Durability durability;
        private @Nullable Integer segmentBytes;
        private @Nullable Segments segments;
        private @Nullable Boolean encrypted;
        private final Map<String, RetainFor> retainedFor = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Time span covered by one segment. A changed value governs new segments. If neither this nor {@link WalOptions.Builder#window} is
         * given, it follows from the retention as it does there.
         *
         * @param window 1 ms to 3,653 days, in whole milliseconds
         * @return this
         * @throws IllegalArgumentException if it is out of range
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
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder retention(Duration retention) {
            this.retention = OptionLimits.retention(retention);
            return this;
        }

        /**
         * Limit of a stream's bytes, above which its oldest sealed segments are deleted. The segment that is being written stays, so a stream
         * may exceed the limit by one segment. Its records in packs, from before there was a limit, don't count, and are deleted before the first of
         * these segments.
         *
         * <p>A stream with a limit has segments of its own, as by {@link Segments#OWN}, whatever {@link #segments} says.
         *
         * @param bytes 1 or more, of each matching stream by itself
         * @return this
         * @throws IllegalArgumentException if it is less
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
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder segmentBytes(int bytes) {
            this.segmentBytes = OptionLimits.segmentBytes(bytes);
            return this;
        }

        /**
         * Whether a stream has segments of its own. A changed value governs records appended after the next opening of the log.
         *
         * @param segments by default {@link Segments#AUTO}
         * @return this
         */
        public Builder segments(Segments segments) {
            this.segments = Objects.requireNonNull(segments, "segments");
            return this;
        }

        /**
         * Whether records are encrypted. A changed value governs records appended after the next opening of the log; existing records stay as they
         * are.
         *
         * @param encrypted by default true in a log with {@link WalOptions.Builder#encryption}, else false; true needs these keys. In a log that has
         *     encrypted records, appends to a stream are refused without these keys unless this is false
         * @return this
         */
        public Builder encrypted(boolean encrypted) {
            this.encrypted = encrypted;
            return this;
        }

        /**
         * Keeps the records that a consumer hasn't committed, within limits, even if the retention, {@link #maxBytesPerStream} or the log's limits of
         * bytes would delete them. A segment that would be deleted stays under three conditions: the consumer's committed position is below the
         * segment's end; the segment's expiration is less than {@code maxTime} ago; and it has, together with later segments of the stream that would
         * be deleted too, at most {@code maxBytes}. Beyond a limit the oldest segments are deleted first, and the consumer is told exactly which
         * positions it has lost.
         *
         * <ul>
         *   <li>A consumer that was never opened counts as having committed nothing; the command {@code stream-wal consumers} lists it. A
         *       consumer of other streams holds nothing here.
         *   <li>Consumers in other processes count: a sweep reads their commits.
         *   <li>Held segments come on top of {@link WalOptions.Builder#maxTotalBytes}: that limit deletes neither them nor other streams' data in
         *       their place. So the disk needs room for that limit plus {@code maxBytes} of each stream.
         *   <li>Each of several consumers has its own limits; a segment stays as long as one of them holds it.
         *   <li>If a consumer's cursor can't be read, the consumer counts as having committed nothing, and the failure is reported as one of
         *       a sweep.
         *   <li>{@link StreamWal#purge} and {@link StreamWal#delete} ignore consumers. A consumer that seeks back gets only what is still
         *       there.
         * </ul>
         *
         * @param consumer the consumer's name; a second call with the same name replaces the first
         * @param maxBytes 1 or more, of each matching stream by itself; {@link Long#MAX_VALUE} for no limit
         * @param maxTime zero to 3,652,500 days, in whole milliseconds
         * @return this
         * @throws IllegalArgumentException if the name is invalid, a value is out of range, or there are more than {@value #MAX_CONSUMERS}
         *     consumers
         */
        public Builder retainFor(String consumer, long maxBytes, Duration maxTime) {
            StreamKey name = CursorFiles.name(consumer);
            retainedFor.put(name.text(), new RetainFor(new RetainFor.Fields(name.text(), OptionLimits.maxHeldBytes(maxBytes),
                    OptionLimits.span("maxTime", maxTime, Duration.ZERO, OptionLimits.MAX_RETENTION))));
            if (retainedFor.size() > MAX_CONSUMERS) {
                retainedFor.remove(name.text());
                throw new IllegalArgumentException("stream's records are retained for too many consumers: consumer=" + consumer + ", max="
                        + MAX_CONSUMERS + "; let several read as one consumer");
            }
            return this;
        }

        /**
         * Builds the options; the builder can be used further.
         *
         * @return the options set so far
         */
        public StreamOptions build() {
            return new StreamOptions(new Fields(window, retention, maxBytesPerStream, durability, segmentBytes, segments, encrypted,
                    List.copyOf(retainedFor.values())));
        }
    }
}
