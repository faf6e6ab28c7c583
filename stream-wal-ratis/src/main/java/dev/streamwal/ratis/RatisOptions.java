package dev.streamwal.ratis;

import dev.streamwal.WalOptions;
import dev.streamwal.format.AllowedRange;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.ImageRule;
import dev.streamwal.ratis.shard.Shards;
import dev.streamwal.ratis.wire.Command;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a replica keeps its log. All replicas of a log are started with the same, but for their keys. Immutable.
 *
 * @since 1.0
 */
public final class RatisOptions {

    private final Replicas replicas;
    private final int shards;
    private final Optional<ReplicaTls> tls;
    private final Consumer<WalOptions.Builder> wal;
    private final Duration tickInterval;
    private final long imageEntries;
    private final long imageBytes;
    private final Duration imageInterval;
    private final int keptEntries;
    private final int raftSegmentBytes;
    private final boolean isVerifiedAtStart;
    private final long repairBytesPerSecond;

    private RatisOptions(Builder builder, Replicas replicas, Duration imageInterval) {
        this.replicas = replicas;
        this.shards = builder.shards;
        this.tls = Optional.ofNullable(builder.tls);
        this.wal = builder.wal;
        this.tickInterval = builder.tickInterval;
        this.imageEntries = builder.imageEntries;
        this.imageBytes = builder.imageBytes;
        this.imageInterval = imageInterval;
        this.keptEntries = builder.keptEntries;
        this.raftSegmentBytes = builder.raftSegmentBytes;
        this.isVerifiedAtStart = builder.isVerifiedAtStart;
        this.repairBytesPerSecond = builder.repairBytesPerSecond;
    }

    /** {@return options to be set} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the replicas of the log} */
    public Replicas replicas() {
        return replicas;
    }

    /** {@return how many shards the keys are spread over} */
    public int shards() {
        return shards;
    }

    /** {@return by which keys replicas and clients know each other; empty where connections aren't encrypted} */
    public Optional<ReplicaTls> tls() {
        return tls;
    }

    /** {@return what sets the options of each shard's log} */
    public Consumer<WalOptions.Builder> wal() {
        return wal;
    }

    /** {@return how often time passes for a log that nobody appends to} */
    public Duration tickInterval() {
        return tickInterval;
    }

    /** {@return after how many entries of the Raft log an image is due} */
    public long imageEntries() {
        return imageEntries;
    }

    /** {@return after how many bytes of records an image is due} */
    public long imageBytes() {
        return imageBytes;
    }

    /** {@return after how much time an image is due; no longer than the shortest window of a stream} */
    public Duration imageInterval() {
        return imageInterval;
    }

    /** {@return how many entries of the Raft log are kept after an image} */
    public int keptEntries() {
        return keptEntries;
    }

    /**
     * How large the Raft log of a shard may become on each replica: the entries that are kept, what comes until the next image, and the file that is only
     * deleted as a whole. Ratis keeps a number of entries, whatever they have, so nothing else bounds it, and no retention makes it smaller. With the
     * defaults, and requests of 64 KiB, 7.2 GB; of 4 MiB, 420 GB; of 1 KiB, 0.3 GB.
     *
     * @param requestBytes that a request has on average, with its keys: {@link Batching#bytes} and more where clients fill them; of requests whose records are
     *     refused there may be more between two images
     * @return that, in bytes
     * @throws IllegalArgumentException if {@code requestBytes} is less than 1, or more than a request may have
     */
    public long raftLogBytes(int requestBytes) {
        AllowedRange.check("requestBytes", requestBytes, 1, Command.MAX_BYTES);
        return RaftSettings.largestLogBytes(requestBytes, keptEntries, Math.min(imageEntries, imageBytes / requestBytes + 1), raftSegmentBytes);
    }

    /** {@return how large a file of the Raft log grows, in bytes} */
    public int raftSegmentBytes() {
        return raftSegmentBytes;
    }

    /** {@return whether a replica reads all of its image before it begins with it} */
    public boolean isVerifiedAtStart() {
        return isVerifiedAtStart;
    }

    /** {@return how fast a peer's image is fetched at most, in bytes a second} */
    public long repairBytesPerSecond() {
        return repairBytesPerSecond;
    }

    /**
     * Sets options. Not thread-safe.
     *
     * @since 1.0
     */
    public static final class Builder {

        private @Nullable Replicas replicas;
        private int shards = 1;
        private @Nullable ReplicaTls tls;
        private Consumer<WalOptions.Builder> wal = options -> {};
        private Duration tickInterval = Duration.ofSeconds(10);
        private long imageEntries = 100_000;
        private long imageBytes = 512L << 20;
        private Duration imageInterval = Duration.ofMinutes(10);
        private int keptEntries = RaftSettings.KEPT_ENTRIES;
        private int raftSegmentBytes = 64 << 20;
        private boolean isVerifiedAtStart = true;
        private long repairBytesPerSecond = 64L << 20;

        private Builder() {}

        /**
         * The replicas of the log. Must be set.
         *
         * @param replicas all of them, this one included
         * @return this
         */
        public Builder replicas(Replicas replicas) {
            this.replicas = Objects.requireNonNull(replicas, "replicas");
            return this;
        }

        /**
         * How many shards the keys are spread over, each a Raft group with a log of its own. 1 by default; more than there are cores gain nothing. A log keeps
         * the number that it was begun with.
         *
         * @param shards 1 to {@value Shards#MAX_SHARDS}
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder shards(int shards) {
            this.shards = AllowedRange.check("shards", shards, 1, Shards.MAX_SHARDS);
            return this;
        }

        /**
         * Encrypts connections, and asks everybody for a certificate, clients too. By default they are neither.
         *
         * @param tls this replica's keys
         * @return this
         */
        public Builder tls(ReplicaTls tls) {
            this.tls = Objects.requireNonNull(tls, "tls");
            return this;
        }

        /**
         * Sets the options of each shard's log: windows, retention, sizes, storage. Its clock is the time that the replica stamps while it leads, if it isn't
         * further ahead of the replicated time than its {@code maxClockAdvance}: {@link ReplicatedWalServer#believeClock()}. The replica sets by itself what
         * replication decides: which segments streams have, durability, recovery, the clock that the log sees, sweeping. What replicas would decide each for
         * itself can't be set: {@link #build} says what.
         *
         * @param wal is called whenever a shard opens its log, so at each image, too, by several threads, and at {@link #build()}; it must set the same
         *     each time
         * @return this
         */
        public Builder wal(Consumer<WalOptions.Builder> wal) {
            this.wal = Objects.requireNonNull(wal, "wal");
            return this;
        }

        /**
         * How often the leader lets time pass where nobody appends, and all replicas compare what they have with the leader. 10 s by default.
         *
         * @param interval 10 ms to 1 min
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder tickInterval(Duration interval) {
            this.tickInterval = AllowedRange.check("tickInterval", interval, Duration.ofMillis(10), Duration.ofMinutes(1));
            return this;
        }

        /**
         * After how many entries of its Raft log each replica makes an image of a shard: what it begins with after a restart, what a peer may fetch, and up to
         * which the Raft log may be purged. Nothing is applied to the shard meanwhile, for some 100 ms or longer. 100,000 by default.
         *
         * @param entries 10 to 10,000,000
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder imageEntries(long entries) {
            this.imageEntries = AllowedRange.check("imageEntries", entries, 10, 10_000_000);
            return this;
        }

        /**
         * After how many bytes of records each replica makes an image of a shard, with their keys and what stands around them. So much is applied again at
         * most after a restart. 512 MiB by default.
         *
         * @param bytes 1 MiB to 8 GiB
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder imageBytes(long bytes) {
            this.imageBytes = AllowedRange.check("imageBytes", bytes, 1 << 20, ImageRule.MAX_BYTES);
            return this;
        }

        /**
         * After how much time each replica makes an image of a shard, at the latest. What has expired is deleted then, and at no other time. 10 min by
         * default; where a stream has a shorter window, that.
         *
         * @param interval 1 s to 1 day
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder imageInterval(Duration interval) {
            this.imageInterval = AllowedRange.check("imageInterval", interval, Duration.ofSeconds(1), Duration.ofDays(1));
            return this;
        }

        /**
         * How many entries of the Raft log stay, also of what an image has. A replica that was away for longer fetches a peer's image. 100,000 by default.
         *
         * <p>Each request is an entry, so this bounds no bytes: the Raft log of a shard takes this number times what a request has, whatever the retention is.
         * That is 6.6 GB with requests of 64 KiB, and 419 GB with requests of 4 MiB, on each replica. {@link RatisOptions#raftLogBytes} says how much all
         * of it takes at most; where that is too much, this is to be set to fewer.
         *
         * @param entries 10 to 10,000,000
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder keptEntries(int entries) {
            this.keptEntries = AllowedRange.check("keptEntries", entries, 10, 10_000_000);
            return this;
        }

        /**
         * How large a file of the Raft log grows. What isn't kept is deleted by whole files. 64 MiB by default.
         *
         * @param bytes 64 KiB to 1 GiB
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder raftSegmentBytes(int bytes) {
            this.raftSegmentBytes = AllowedRange.check("raftSegmentBytes", bytes, 64 << 10, 1 << 30);
            return this;
        }

        /**
         * Whether a replica reads all of its image before it begins with it, and fetches a peer's where a record is damaged. By default it does. Without that
         * it starts sooner, and finds damage when it reads it. A log of one replica isn't read, as no peer has another image.
         *
         * @param isVerified whether it does
         * @return this
         */
        public Builder verifiedAtStart(boolean isVerified) {
            this.isVerifiedAtStart = isVerified;
            return this;
        }

        /**
         * How fast a replica that is far behind, or damaged, fetches a peer's image at most, so that the peer goes on serving. 64 MiB a second by default.
         *
         * @param bytes a second, 1 KiB to 64 GiB
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder repairBytesPerSecond(long bytes) {
            this.repairBytesPerSecond = AllowedRange.check("repairBytesPerSecond", bytes, 1L << 10, 1L << 36);
            return this;
        }

        /**
         * The options.
         *
         * @return them
         * @throws IllegalArgumentException if no replicas are set, or the log's options have what can't be replicated: limits of bytes, encryption,
         *     a tier, segments of less than 4 MiB, or, for some streams, segments of their own, a durability, or consumers that records are kept for
         */
        public RatisOptions build() {
            if (replicas == null) {
                throw new IllegalArgumentException("no replicas are given; call replicas()");
            }
            WalOptions.Builder given = WalOptions.builder();
            wal.accept(given);
            WalOptions options = given.build();
            ReplicableOptions.check(options);
            return new RatisOptions(this, replicas, ReplicableOptions.shortest(options, imageInterval));
        }
    }
}
