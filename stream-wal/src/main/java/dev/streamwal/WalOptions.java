package dev.streamwal;

import dev.streamwal.engine.OptionLimits;
import dev.streamwal.format.AllowedRange;
import dev.streamwal.format.KeyPattern;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.retention.DefaultWindow;
import dev.streamwal.retention.PresentRetention;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.sweep.ConsumerHolds;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How a log is written and what it keeps. Immutable.
 *
 * <p>A log doesn't store its options: each opening may use others. Window, retention and size of a segment are fixed when the segment is
 * created, so a changed option governs new segments only.
 *
 * @since 1.0
 */
public final class WalOptions {

    /** A larger segment takes longer to sort than two of half the size, because its records no longer fit the processor's cache. */
    private static final int MAX_SHARED_SEGMENT_BYTES = 64 << 20;

    /** Ignores all events; needs no thread. */
    static final WalListener NOBODY = new WalListener() {};
    /** Each new stream is matched against all of them in turn. */
    static final int MAX_PATTERNS = 1_024;
    /** Longer patterns match no key, except those with runs of {@code *}: a key's 1,024 bytes are at most 1,024 characters. */
    static final int MAX_PATTERN_LENGTH = 4_096;

    private static final int DEFAULT_RECORD_BYTES = 16 << 20;
    private static final int DEFAULT_OWN_SEGMENTS = 64;
    /** A quarter of a year and some days: long enough for a log that is opened once in three months, too short for a wrong year. */
    private static final Duration DEFAULT_CLOCK_ADVANCE = Duration.ofDays(100);
    /** The longest window: a longer interval would amount to no sweeps. */
    private static final Duration MAX_SWEEP_INTERVAL = OptionLimits.MAX_WINDOW;

    private static final int MAX_OWN_SEGMENTS = 1_000_000;

    /** A copy of the builder's values, which nothing changes any more. */
    private final Builder given;
    private final Duration window;
    private final StreamPolicy policy;
    private final List<Rule> rules;

    private WalOptions(Builder builder) {
        this.given = builder.copy();
        this.window = given.window == null ? DefaultWindow.of(given.retention) : given.window;
        this.policy = new StreamPolicy(window.toMillis(), given.retention.toMillis(), given.segmentBytes,
                recordBytes(given.maxRecordBytes, given.segmentBytes, given.encryption != null, ""), given.maxBytesPerStream);
        this.rules = rules();
    }

    private static int recordBytes(@Nullable Integer wanted, int segmentBytes, boolean isEncrypted, String where) {
        int largest = StreamPolicy.largestRecordBytes(segmentBytes) - (isEncrypted ? EntryRef.ENCRYPTION_BYTES : 0);
        if (wanted == null) {
            return Math.min(DEFAULT_RECORD_BYTES, largest);
        }
        if (wanted > largest) {
            throw new IllegalArgumentException(
                    "maxRecordBytes is too large for the segment: maxRecordBytes=" + wanted + ", segmentBytes=" + segmentBytes
                            + ", maxRecordBytesThatFit=" + largest + where + "; lower maxRecordBytes or raise segmentBytes");
        }
        return wanted;
    }

    /** Unless a window was given, that of a stream whose options set none follows from its retention. */
    private List<Rule> rules() {
        List<Rule> out = new ArrayList<>();
        given.streams.forEach((pattern, options) -> {
            int bytes = options.segmentBytes().orElse(policy.segmentBytes());
            Duration kept = options.retention().orElse(given.retention);
            boolean isEncrypted = options.encrypted().orElse(given.encryption != null);
            if (isEncrypted && given.encryption == null) {
                throw new IllegalArgumentException("streams are to be encrypted, and the log has no master keys: keyPattern=" + pattern
                        + "; give them with WalOptions.encryption");
            }
            Duration windowByDefault = given.window == null ? DefaultWindow.of(kept) : given.window;
            out.add(new Rule(new KeyPattern(pattern), new StreamPolicy(
                    options.window().orElse(windowByDefault).toMillis(),
                    kept.toMillis(),
                    bytes,
                    recordBytes(given.maxRecordBytes, bytes, isEncrypted, ", keyPattern=" + pattern),
                    options.maxBytesPerStream().orElse(given.maxBytesPerStream)),
                    options.durability().orElse(given.durability), options.retainedFor(),
                    options.segments().orElse(Segments.AUTO), options.encrypted()));
        });
        return List.copyOf(out);
    }

    /** The policy of the stream of this key: of the first pattern that matches, or of the log. */
    StreamPolicy policyOf(String key) {
        return ruleOf(key).map(Rule::policy).orElse(policy);
    }

    /** The policy of all streams; empty if a pattern may match some. */
    Optional<StreamPolicy> policyOfAll() {
        return rules.isEmpty() ? Optional.of(policy) : Optional.empty();
    }

    /** The shortest window of any stream. */
    long shortestWindowMillis() {
        return rules.stream().mapToLong(rule -> rule.policy().windowMillis()).reduce(policy.windowMillis(), Math::min);
    }

    /** How long streams are kept by these options; not applied to any stream yet. */
    PresentRetention presentRetention() {
        LongSummaryStatistics all = rules.stream().mapToLong(rule -> rule.policy().retentionMillis()).summaryStatistics();
        all.accept(policy.retentionMillis());
        return new PresentRetention(all.getMin(), all.getMax(), key -> policyOf(key).retentionMillis());
    }

    /** The policy of the log's own stream: its segments are deleted once packed, and rotate by size only. */
    StreamPolicy policyOfShared() {
        int segmentBytes = Math.min(MAX_SHARED_SEGMENT_BYTES, policy.segmentBytes());
        return new StreamPolicy(StreamPolicy.MAX_WINDOW_MILLIS, StreamPolicy.MAX_RETENTION_MILLIS, segmentBytes,
                StreamPolicy.largestRecordBytes(segmentBytes), Long.MAX_VALUE);
    }

    /** The level at which the stream of this key appends by default: chosen as by {@link #policyOf}. */
    Durability durabilityOf(String key) {
        return ruleOf(key).map(Rule::durability).orElse(given.durability);
    }

    /** Whether the stream of this key has segments of its own: chosen as by {@link #policyOf}. */
    Segments segmentsOf(String key) {
        return ruleOf(key).map(Rule::segments).orElse(Segments.AUTO);
    }

    private Optional<Rule> ruleOf(String key) {
        for (Rule rule : rules) {
            if (rule.pattern.matches(key)) {
                return Optional.of(rule);
            }
        }
        return Optional.empty();
    }

    /** For how long beyond its expiration any stream's segment may be kept for a consumer. */
    long maxHeldMillis() {
        return rules.stream().flatMap(rule -> rule.retainedFor().stream()).mapToLong(retain -> retain.inMillis().maxMillis()).max()
                .orElse(ConsumerHolds.NONE_HELD);
    }

    /** The consumers for which the stream of this key is kept: chosen as by {@link #policyOf}. */
    List<RetainFor> retainedFor(String key) {
        return ruleOf(key).map(Rule::retainedFor).orElse(List.of());
    }

    /** The names of all consumers for which any stream is kept. */
    Set<String> retainedConsumers() {
        return rules.stream().flatMap(rule -> rule.retainedFor().stream()).map(RetainFor::consumer).collect(Collectors.toSet());
    }

    /** A fingerprint of the options that determine segments' windows and expirations. If it differs, a stream's windows and expirations may differ. */
    long spansHash() {
        StringBuilder said = new StringBuilder().append(policy.windowMillis()).append('/').append(policy.retentionMillis());
        rules.forEach(rule -> said.append('\n').append(rule.pattern()).append('=').append(rule.policy().windowMillis()).append('/')
                .append(rule.policy().retentionMillis()));
        CRC32C crc = new CRC32C();
        crc.update(said.toString().getBytes(StandardCharsets.UTF_8));
        return crc.getValue() << Integer.SIZE | Integer.toUnsignedLong(said.toString().hashCode());
    }

    /** Whether the stream of this key is to be encrypted, if its options say so or the contrary: chosen as by {@link #policyOf}. */
    Optional<Boolean> encryptedOf(String key) {
        return ruleOf(key).flatMap(Rule::encrypted);
    }

    private record Rule(KeyPattern pattern, StreamPolicy policy, Durability durability, List<RetainFor> retainedFor, Segments segments,
            Optional<Boolean> encrypted) {}

    /** {@return a new builder, with all defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the time span covered by one segment; by default about a hundredth of the retention: see {@link Builder#window}} */
    public Duration window() {
        return window;
    }

    /** {@return how long after its window's end a segment is kept; by default 7 days} */
    public Duration retention() {
        return given.retention;
    }

    /** {@return the master keys under which records are encrypted; by default empty: nothing is encrypted} */
    public Optional<MasterKeys> encryption() {
        return Optional.ofNullable(given.encryption);
    }

    /** {@return the limit of a stream's bytes, above which its oldest sealed segments are deleted; by default {@link Long#MAX_VALUE}: no limit} */
    public long maxBytesPerStream() {
        return given.maxBytesPerStream;
    }

    /** {@return the limit of all streams' bytes together, above which the oldest sealed segments are deleted; by default {@link Long#MAX_VALUE}: no limit} */
    public long maxTotalBytes() {
        return given.maxTotalBytes;
    }

    /**
     * {@return the options of the streams whose keys match a pattern, in place of the log's, in the order in which the patterns are matched;
     * unmodifiable; by default empty}
     */
    public Map<String, StreamOptions> streams() {
        return Collections.unmodifiableMap(given.streams);
    }

    /**
     * {@return what a record survives once its append has returned, unless its key's pattern or the append says otherwise; by default {@link
     * Durability#BUFFERED}}
     */
    public Durability durability() {
        return given.durability;
    }

    /** {@return how long the log waits between two flushes of what was appended with {@link Durability#PERIODIC}; by default 1 second} */
    public Duration flushInterval() {
        return given.flushInterval;
    }

    /** {@return the executor for the continuations of asynchronous appends; by default empty: they run on threads of the log} */
    public Optional<Executor> completionExecutor() {
        return Optional.ofNullable(given.completionExecutor);
    }

    /** {@return what a writer does with a stream whose records are damaged; by default {@link RecoveryPolicy#STOP_AT_FIRST_ERROR}} */
    public RecoveryPolicy recoveryPolicy() {
        return given.recoveryPolicy;
    }

    /** {@return how many bytes a segment holds, its header included; by default 67,108,864 (64 MiB)} */
    public int segmentBytes() {
        return policy.segmentBytes();
    }

    /**
     * {@return how many bytes a record's header and content may have together; by default 16,777,216 (16 MiB), or what fits {@link #segmentBytes()},
     * if that is less} Streams with segments of another size have their own default.
     */
    public int maxRecordBytes() {
        return policy.maxRecordBytes();
    }

    /** {@return the longest jump ahead of the clock that a sweep believes; by default 100 days} */
    public Duration maxClockAdvance() {
        return given.maxClockAdvance;
    }

    /** {@return how far in the future, by {@link #clock()}, a record's timestamp may be; by default 1 hour} */
    public Duration maxClockSkew() {
        return given.maxClockSkew;
    }

    /** {@return the source of the time for timestamps, windows, expirations and {@link #maxClockSkew()}; by default the system's clock} */
    public InstantSource clock() {
        return given.clock;
    }

    /**
     * {@return the interval between the log's own sweeps; by default 1 minute} Zero: the log neither sweeps, packs, merges nor moves packs to the
     * tier by itself.
     */
    public Duration sweepInterval() {
        return given.sweepInterval;
    }

    /**
     * {@return how many {@link Segments#AUTO} streams get segments of their own at each opening of the log, and how many small segments of one window
     * keep their own files; by default 64, or 0 with a {@link #tier}}
     */
    public int ownSegments() {
        return given.ownSegments != null ? given.ownSegments : given.tier == null ? DEFAULT_OWN_SEGMENTS : 0;
    }

    /** {@return how records are stored in packs; by default {@link Compression#COLUMNS}} */
    public Compression compression() {
        return given.compression;
    }

    /** {@return whether packs are written without the page cache, if the file system can; by default false} */
    public boolean directPacks() {
        return given.directPacks;
    }

    /** {@return where old packs are moved to; by default empty: they stay in the log's directory} */
    public Optional<Path> tier() {
        return Optional.ofNullable(given.tier);
    }

    /** {@return how long after the end of its window a pack stays in the log's directory, if there is a {@link #tier}; by default 1 day} */
    public Duration tierAfter() {
        return given.tierAfter;
    }

    /** {@return how segments are written; by default {@link Storage#AUTO}} */
    public Storage storage() {
        return given.storage;
    }

    /** {@return what receives background events; by default a listener that does nothing} */
    public WalListener listener() {
        return given.listener;
    }

    @Override
    public String toString() {
        return "WalOptions[window=" + window + ", retention=" + given.retention + ", maxBytesPerStream=" + given.maxBytesPerStream
                + ", maxTotalBytes=" + given.maxTotalBytes + ", streams=" + given.streams + ", durability=" + given.durability
                + ", flushInterval=" + given.flushInterval + ", completionExecutor=" + completionExecutor()
                + ", recoveryPolicy=" + given.recoveryPolicy + ", segmentBytes=" + segmentBytes()
                + ", maxRecordBytes=" + maxRecordBytes() + ", maxClockSkew=" + given.maxClockSkew
                + ", maxClockAdvance=" + given.maxClockAdvance + ", clock=" + given.clock
                + ", sweepInterval=" + given.sweepInterval + ", ownSegments=" + ownSegments() + ", compression=" + given.compression
                + ", directPacks=" + given.directPacks + ", tier=" + tier() + ", tierAfter=" + given.tierAfter
                + ", storage=" + given.storage + ", encryption=" + (given.encryption != null) + ", listener=" + given.listener + ']';
    }

    /**
     * Makes {@link WalOptions}. Each method returns this builder, throws {@link NullPointerException} for null, and
     * {@link IllegalArgumentException} for a value that could never be right; values that can't work together are
     * refused by {@link #build()}. Not thread-safe.
     */
    public static final class Builder {

        private @Nullable Duration window;
        private Duration retention = Duration.ofDays(7);
        private long maxBytesPerStream = Long.MAX_VALUE;
        private long maxTotalBytes = Long.MAX_VALUE;
        private final Map<String, StreamOptions> streams = new LinkedHashMap<>();
        private Durability durability = Durability.BUFFERED;
        private Duration flushInterval = Duration.ofSeconds(1);
        private @Nullable Executor completionExecutor;
        private RecoveryPolicy recoveryPolicy = RecoveryPolicy.STOP_AT_FIRST_ERROR;
        private int segmentBytes = 64 << 20;
        private @Nullable Integer maxRecordBytes;
        private Duration maxClockSkew = Duration.ofHours(1);
        private Duration maxClockAdvance = DEFAULT_CLOCK_ADVANCE;
        private InstantSource clock = systemClock();
        private Duration sweepInterval = Duration.ofMinutes(1);
        private @Nullable Integer ownSegments;
        private Compression compression = Compression.COLUMNS;
        private boolean directPacks;
        private @Nullable Path tier;
        private Duration tierAfter = Duration.ofDays(1);
        private Storage storage = Storage.AUTO;
        private @Nullable MasterKeys encryption;
        private WalListener listener = NOBODY;

        private Builder() {}

        private Builder copy() {
            Builder copy = new Builder();
            copy.window = window;
            copy.retention = retention;
            copy.maxBytesPerStream = maxBytesPerStream;
            copy.maxTotalBytes = maxTotalBytes;
            copy.streams.putAll(streams);
            copy.durability = durability;
            copy.flushInterval = flushInterval;
            copy.completionExecutor = completionExecutor;
            copy.recoveryPolicy = recoveryPolicy;
            copy.segmentBytes = segmentBytes;
            copy.maxRecordBytes = maxRecordBytes;
            copy.maxClockSkew = maxClockSkew;
            copy.maxClockAdvance = maxClockAdvance;
            copy.clock = clock;
            copy.sweepInterval = sweepInterval;
            copy.ownSegments = ownSegments;
            copy.compression = compression;
            copy.directPacks = directPacks;
            copy.tier = tier;
            copy.tierAfter = tierAfter;
            copy.storage = storage;
            copy.encryption = encryption;
            copy.listener = listener;
            return copy;
        }

        @SuppressForbidden("the default, which a program replaces; nothing else asks the system")
        private static InstantSource systemClock() {
            return InstantSource.system();
        }

        /**
         * Time span covered by one segment; windows begin at multiples of it since 1970-01-01T00:00:00Z. Together with the retention it
         * determines how exactly data expires: a record that arrives on time is kept for the retention, and at most one window longer. If a window is
         * a 64th of the retention or shorter, as with the default retention, packs of several windows are merged into one, and a record is kept up to
         * a 20th of the retention longer.
         *
         * <p>A stream has a segment for each window in which it has a record. So choose a window in which a stream has many records: with a record a
         * second and windows of a second, every record gets a segment, which costs more than the record.
         *
         * @param window 1 ms to 3,653 days, in whole milliseconds; by default about a hundredth of the retention:
         *     1, 5 or 15 minutes, 1 or 6 hours, 1 or 7 days; for 7 days an hour, for 30 days 6 hours
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder window(Duration window) {
            this.window = OptionLimits.window(window);
            return this;
        }

        /**
         * How long a segment is kept after the end of its window. A changed value governs new segments. After it was shortened, new segments stay as
         * long as older ones of their stream do, unless {@link StreamWal#applyRetention} applies the new value to the older ones: call it at each
         * opening while there are such segments.
         *
         * @param retention zero to 3,652,500 days, in whole milliseconds; by default 7 days
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder retention(Duration retention) {
            this.retention = OptionLimits.retention(retention);
            return this;
        }

        /**
         * Limit of a stream's bytes, above which its oldest sealed segments are deleted, whether they have expired or not. The segment that
         * is being written stays, so a stream may exceed the limit by one segment. Its records in packs, from before there was a limit, don't count,
         * and are deleted before the first of these segments.
         *
         * <p>A stream with a limit has segments of its own, which take a file and a mapping for each stream that is appended to: see
         * {@link Segments#OWN}. To bound a log of many streams, use {@link #maxTotalBytes}.
         *
         * @param bytes 1 or more, of each stream by itself; by default there is no limit
         * @return this
         * @throws IllegalArgumentException if it is less
         */
        public Builder maxBytesPerStream(long bytes) {
            this.maxBytesPerStream = OptionLimits.maxBytes("maxBytesPerStream", bytes);
            return this;
        }

        /**
         * Limit of all streams' bytes together, above which the oldest sealed segments are deleted, whether they have expired or not.
         * Segments that are being written stay, so the log may exceed the limit by one segment per stream; so do shared segments until they are packed.
         *
         * @param bytes 1 or more; by default there is no limit
         * @return this
         * @throws IllegalArgumentException if it is less
         */
        public Builder maxTotalBytes(long bytes) {
            this.maxTotalBytes = OptionLimits.maxBytes("maxTotalBytes", bytes);
            return this;
        }

        /**
         * Sets options for the streams whose keys match a pattern. If several patterns match a key, only the one that was given first counts.
         *
         * @param keyPattern 1 to 4,096 characters: {@code *} stands for any run of characters (also none, and also {@code /}), {@code ?} for
         *     one character; each pattern once, at most 1,024 patterns
         * @param options the options that differ; those that aren't set are as for the log
         * @return this
         * @throws IllegalArgumentException if the pattern is empty, too long or given already, or there are too many
         */
        public Builder streams(String keyPattern, StreamOptions options) {
            Objects.requireNonNull(keyPattern, "keyPattern");
            Objects.requireNonNull(options, "options");
            if (keyPattern.isEmpty()) {
                throw new IllegalArgumentException("key pattern is empty; give \"*\" for all keys");
            }
            if (keyPattern.length() > MAX_PATTERN_LENGTH) {
                throw new IllegalArgumentException(
                        "key pattern is too long: characters=" + keyPattern.length() + ", max=" + MAX_PATTERN_LENGTH + "; give a shorter one");
            }
            if (streams.containsKey(keyPattern)) {
                throw new IllegalArgumentException(
                        "key pattern is given twice: keyPattern=" + keyPattern + "; remove one, only the first can match");
            }
            if (streams.size() == MAX_PATTERNS) {
                throw new IllegalArgumentException(
                        "log has too many key patterns: keyPattern=" + keyPattern + ", max=" + MAX_PATTERNS + "; let one stand for several, with * or ?");
            }
            streams.put(keyPattern, options);
            return this;
        }

        /**
         * What a record survives once its append has returned, unless its key's pattern or the append says otherwise.
         *
         * @param durability by default {@link Durability#BUFFERED}
         * @return this
         */
        public Builder durability(Durability durability) {
            this.durability = Objects.requireNonNull(durability, "durability");
            return this;
        }

        /**
         * How long the log waits between two flushes of what was appended with {@link Durability#PERIODIC}; a loss of power may cost the records of
         * that time. Nothing is flushed if nothing was appended.
         *
         * @param interval 1 ms to 1 day, in whole milliseconds; by default 1 second
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder flushInterval(Duration interval) {
            this.flushInterval = OptionLimits.flushInterval(interval);
            return this;
        }

        /**
         * Where the continuations of asynchronous appends run, that is, the code that callers have attached to the futures. By default they run on up
         * to 8 threads of the log, named {@code stream-wal-complete-}, in no particular order; no commit waits for them. A continuation may append in
         * every way, may wait for an append with {@code get} or {@code join}, and may close the log. A continuation that waits for another one's
         * result, such as a future made from an append's by {@code thenApply}, occupies one of the 8 threads while it waits: use an executor of your
         * own if more than 7 do that at once. {@link StreamWal#close()} waits up to 10 seconds for continuations.
         *
         * <p>With an executor of the program they run there, or on the log's threads if it refuses them. The executor must not run them on
         * the thread that hands them over, as {@code Runnable::run} does, unless they take no time and wait for nothing: other threads'
         * appends wait for that thread.
         *
         * @param executor in place of the log's threads; the log doesn't shut it down
         * @return this
         */
        public Builder completionExecutor(Executor executor) {
            this.completionExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * What a writer does with a stream whose records are damaged.
         *
         * @param policy by default {@link RecoveryPolicy#STOP_AT_FIRST_ERROR}
         * @return this
         */
        public Builder recoveryPolicy(RecoveryPolicy policy) {
            this.recoveryPolicy = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * How many bytes a segment holds, its header included.
         *
         * @param bytes 4,096 to 1,073,741,824 (1 GiB); by default 67,108,864 (64 MiB)
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder segmentBytes(int bytes) {
            this.segmentBytes = OptionLimits.segmentBytes(bytes);
            return this;
        }

        /**
         * How many bytes a record's header and content may have together. With its frame (32 bytes, and padding to a
         * multiple of 8) it has to fit an empty segment beside the largest segment header (1,128 bytes).
         *
         * @param bytes 1 to 33,554,392 (just below 32 MiB); by default 16,777,216 (16 MiB), or what fits a segment of
         *     the stream, if that is less
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder maxRecordBytes(int bytes) {
            this.maxRecordBytes = AllowedRange.check("maxRecordBytes", bytes, 1, StreamPolicy.MAX_RECORD_BYTES);
            return this;
        }

        /**
         * How far in the future, by the clock, a record's timestamp may be. A later timestamp is refused, because it would keep its stream in a
         * window that no later record leaves. If the clock itself was further ahead and is right again, the stream continues in a new segment of the
         * right window.
         *
         * @param skew zero to 3,652,500 days, in whole milliseconds; by default 1 hour
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder maxClockSkew(Duration skew) {
            this.maxClockSkew = OptionLimits.span("maxClockSkew", skew, Duration.ZERO, OptionLimits.MAX_RETENTION);
            return this;
        }

        /**
         * How far the clock may be ahead of the known time before a sweep stops believing it. The known time is when the log was last opened,
         * swept or closed by its clock, plus what has passed since by {@link System#nanoTime()}, which counts while the log is open and the
         * machine isn't suspended. So this option limits how long the log may have been closed or suspended.
         *
         * <p>A sweep by a clock that is further ahead keeps the segments that would not have expired without that jump, and calls
         * {@link WalListener#onSweepRefused}: otherwise one wrong reading would delete everything. The segments that it keeps are deleted when their
         * time has passed while the log is open, or when the clock is confirmed: by {@link StreamWal#sweep(java.time.Instant)}, which believes the
         * given time, by a longer {@code maxClockAdvance}, or on the command line ({@code sweep --believe-clock}). Limits of bytes apply
         * nevertheless.
         *
         * @param advance zero to 3,652,500 days, in whole milliseconds: with the maximum, the clock is always believed; by default 100 days
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder maxClockAdvance(Duration advance) {
            this.maxClockAdvance = OptionLimits.span("maxClockAdvance", advance, Duration.ZERO, OptionLimits.MAX_RETENTION);
            return this;
        }

        /**
         * Source of the current time: for records without a timestamp, for what has expired and what is in the future. While it stands before
         * 1970, nothing expires. Intervals, such as the one between sweeps, are measured by {@link System#nanoTime()} nevertheless.
         *
         * @param clock called by several threads at once, for each append; by default the system's
         * @return this
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Interval between the log's own sweeps.
         *
         * @param interval zero (the log neither sweeps, packs, merges nor moves packs to the tier by itself: call {@link StreamWal#sweep()},
         *     {@link StreamWal#pack()} and {@link StreamWal#moveToTier()}) or 1 ms to 3,653 days, in whole milliseconds; by default 1 minute
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder sweepInterval(Duration interval) {
            this.sweepInterval = OptionLimits.span("sweepInterval", interval, Duration.ZERO, MAX_SWEEP_INTERVAL);
            return this;
        }

        /**
         * How many of the {@link Segments#AUTO} streams get segments of their own: the first ones that need a new segment after the log was
         * opened. The count starts at 0 at each opening and never falls until the log is closed. The other streams share segments. A stream that has
         * shared segments continues to share.
         *
         * <p>A stream with segments of its own holds one mapping while it is appended to, or one descriptor if files aren't mapped, as with
         * {@link Storage#CHANNEL}. It gives that back after a window without appends. Streams that are {@link Segments#OWN} come in addition. The
         * first segment takes 4 KiB on the disk, and grows as it is appended to.
         *
         * <p>The same number limits how many small segments of one window, each of at most 1 MiB, keep their own files. If there are more
         * whose windows are over, they are copied into one file, a pack, and their own files are deleted. Data in shared segments is always
         * packed. So a log has a few files per window, however many streams it has. Packing happens in the background, at {@link
         * #sweepInterval}, or when {@link StreamWal#pack()} is called. Streams limited by {@link #maxBytesPerStream} or {@link
         * StreamOptions#maxBytesPerStream()} have segments of their own and are never packed.
         *
         * @param segments 0 to 1,000,000; with 1,000,000 nothing is packed in a log of usual size. Whatever this option says, an {@link
         *     Segments#AUTO} stream gets a segment of its own only while fewer than 12,288 segments are mapped, and fewer than a quarter of the files
         *     that the process may open are open; {@link Segments#OWN} streams have twice as many. By default 64, or 0 for a log with a {@link #tier},
         *     because only packs go there
         * @return this
         * @throws IllegalArgumentException if it is outside of 0 to 1,000,000
         */
        public Builder ownSegments(int segments) {
            ownSegments = AllowedRange.check("ownSegments", segments, 0, MAX_OWN_SEGMENTS);
            return this;
        }

        /**
         * How records are stored in packs, which take the data of shared segments after their window, and small segments of other streams.
         * Files of single streams keep records as they were appended.
         *
         * <p>Compressed, a sensor's reading takes some 4 bytes instead of 44, measured on the series of the Numenta Anomaly Benchmark. The
         * cost is 0.1 to 0.3 µs per record at packing, and some 30 µs for reading a single record whose block isn't in the reader's cache.
         *
         * @param compression by default {@link Compression#COLUMNS}; may change from opening to opening
         * @return this
         */
        public Builder compression(Compression compression) {
            this.compression = Objects.requireNonNull(compression, "compression");
            return this;
        }

        /**
         * Whether packs are written without the page cache (direct I/O). Then packing drops nothing from the page cache that other programs or
         * readers of recent records use. Merging reads such packs from the disk. If the file system has no direct I/O, packs are written as without
         * this option, and {@link WalStats#directBytes} stays 0. The option doesn't change when a record is durable.
         *
         * @param direct by default false; may change from opening to opening
         * @return this
         */
        public Builder directPacks(boolean direct) {
            directPacks = direct;
            return this;
        }

        /**
         * Where packs that are older than {@link #tierAfter} are moved to: a folder of any {@code java.nio.file} file system, such as one of an
         * object store's provider. Each pack is copied to the tier, the copy is read back and recorded in the log's manifest, and only then the
         * pack's file is deleted. Expired packs are deleted from the tier. The data that the log needs to append, sweep, list keys and find records
         * stays in its directory, some 45 bytes for each segment of a stream. Reading a record's content asks the tier, however long that takes, and
         * throws a {@link dev.streamwal.error.TierUnavailableException} if the tier can't be read.
         *
         * <p>Only packs go there, so all {@link Segments#AUTO} streams share segments in a log with a tier, unless {@link #ownSegments} says otherwise.
         * The records of {@link Segments#OWN} streams, of streams with a limit of bytes, and, in a log that gets a tier later, old segments of more
         * than 1 MiB stay in files of single streams.
         *
         * <p>A thread of its own moves the packs, at {@link #sweepInterval}; {@link StreamWal#moveToTier()} does so in the calling thread. While the
         * tier is slow, full or away, packs stay in the log's directory, appends and all other work go on, {@link StreamWal#health()} is degraded,
         * and attempts become rarer, down to one in 64 intervals.
         *
         * <p>The folder has to exist, and belongs to this log alone: a mark in it names the log, and the tier of another log is refused. A log that
         * has packs in a tier should be opened with the tier every time; otherwise these packs can't be read or erased, or deleted from the tier. The
         * folder may be moved, if everything in it is moved. {@link #maxTotalBytes} counts the packs in the tier, too.
         *
         * @param folder by default none: packs stay in the log's directory
         * @return this
         */
        public Builder tier(Path folder) {
            this.tier = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /**
         * How long after the end of its window a pack stays in the log's directory, if there is a {@link #tier}. Packs in the tier aren't merged. So a
         * pack moves only after it was merged with those that belong to it, which takes a 32nd of the retention longer. Packs with a few late records
         * stay in the directory if the tier has packs of the same time already. So do segments that aren't packed.
         *
         * @param age zero to 3,652,500 days, in whole milliseconds; by default 1 day
         * @return this
         * @throws IllegalArgumentException if it is outside of that
         */
        public Builder tierAfter(Duration age) {
            this.tierAfter = OptionLimits.span("tierAfter", age, Duration.ZERO, OptionLimits.MAX_RETENTION);
            return this;
        }

        /**
         * How segments are written.
         *
         * @param storage by default {@link Storage#AUTO}
         * @return this
         */
        public Builder storage(Storage storage) {
            this.storage = Objects.requireNonNull(storage, "storage");
            return this;
        }

        /**
         * Encrypts the records of all streams, headers and contents, with AES-256-GCM, except those of streams whose options say
         * {@link StreamOptions.Builder#encrypted encrypted(false)}. An encrypted record takes {@value dev.streamwal.reader.EntryRef#ENCRYPTION_BYTES}
         * bytes more, and isn't made smaller by {@link #compression}. The streams' keys, and the records' times and lengths, are not encrypted:
         * {@code docs/security.md} says what is prevented, and what isn't.
         *
         * <p>At the first record that it encrypts after each opening, the log makes a session key, has the master keys wrap it, and keeps the wrapped
         * key in its directory. Earlier records, encrypted or not, stay as they are. A log that has such keys and is opened without the master keys
         * recovers, sweeps, packs, merges and copies, and appends to streams whose options say {@code encrypted(false)}. It can't read encrypted
         * records, and refuses appends to all other streams, so that no record is left unencrypted by mistake.
         *
         * @param keys by default none: nothing is encrypted
         * @return this
         */
        public Builder encryption(MasterKeys keys) {
            this.encryption = Objects.requireNonNull(keys, "keys");
            return this;
        }

        /**
         * Receives background events.
         *
         * @param listener called by one thread of the log, in order; by default a listener that does nothing
         * @return this
         */
        public Builder listener(WalListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options; the builder can be used further.
         *
         * @return the options set so far
         * @throws IllegalArgumentException if the largest record doesn't fit a segment, of the log or of a pattern's streams; or if a pattern's
         *     streams are to be encrypted, and there are no master keys
         */
        public WalOptions build() {
            return new WalOptions(this);
        }
    }
}
