package dev.streamwal.ratis;

import dev.streamwal.WalOptions;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a replica keeps its log. All replicas of a log are started with the same. Immutable.
 *
 * @since 1.0
 */
public final class RatisOptions {

    private final Replicas replicas;
    private final int shards;
    private final Consumer<WalOptions.Builder> wal;
    private final Duration expiryInterval;
    private final long snapshotEntries;
    private final int keptEntries;
    private final int raftSegmentBytes;
    private final long repairBytesPerSecond;

    private RatisOptions(Builder builder, Replicas replicas) {
        this.replicas = replicas;
        this.shards = builder.shards;
        this.wal = builder.wal;
        this.expiryInterval = builder.expiryInterval;
        this.snapshotEntries = builder.snapshotEntries;
        this.keptEntries = builder.keptEntries;
        this.raftSegmentBytes = builder.raftSegmentBytes;
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

    /** {@return what sets the options of each shard's log} */
    public Consumer<WalOptions.Builder> wal() {
        return wal;
    }

    /** {@return how often what has expired is deleted} */
    public Duration expiryInterval() {
        return expiryInterval;
    }

    /** {@return after how many entries of the Raft log a shard's log is forced} */
    public long snapshotEntries() {
        return snapshotEntries;
    }

    /** {@return how many entries of the Raft log stay behind that} */
    public int keptEntries() {
        return keptEntries;
    }

    /** {@return how large a file of the Raft log grows, in bytes} */
    public int raftSegmentBytes() {
        return raftSegmentBytes;
    }

    /** {@return how fast a checkpoint is fetched from a peer at most, in bytes a second} */
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
        private Consumer<WalOptions.Builder> wal = options -> {};
        private Duration expiryInterval = Duration.ofMinutes(1);
        private long snapshotEntries = 10_000;
        private int keptEntries = RaftSettings.KEPT_ENTRIES;
        private int raftSegmentBytes = 64 << 20;
        private long repairBytesPerSecond = 64L << 20;

        private Builder() {}

        /**
         * The replicas of the log. Must be set.
         *
         * @param newReplicas all of them, this one included
         * @return this
         */
        public Builder replicas(Replicas newReplicas) {
            this.replicas = Objects.requireNonNull(newReplicas, "replicas");
            return this;
        }

        /**
         * How many shards the keys are spread over, each a Raft group with a log of its own. 1 by default; more than there are cores gain nothing. A log keeps
         * the number that it was begun with.
         *
         * @param newShards 1 to {@value Shards#MAX_SHARDS}
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder shards(int newShards) {
            this.shards = (int) checkRange("shards", newShards, 1, Shards.MAX_SHARDS);
            return this;
        }

        /**
         * Sets the options of each shard's log: windows, retention, sizes, storage. Its clock is the time that the replica stamps while it leads. The replica
         * sets by itself what replication decides: positions, durability, the clock that the log sees, sweeping. Limits of bytes and encryption can't be set.
         *
         * @param newWal is called once for each shard, and once at {@link #build()}
         * @return this
         */
        public Builder wal(Consumer<WalOptions.Builder> newWal) {
            this.wal = Objects.requireNonNull(newWal, "wal");
            return this;
        }

        /**
         * How often the leader has what is expired deleted, on all replicas. 1 min by default.
         *
         * @param newInterval 10 ms to 1 day
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder expiryInterval(Duration newInterval) {
            long unused = checkRange("expiryInterval in ms", newInterval.toMillis(), 10, Duration.ofDays(1).toMillis());
            this.expiryInterval = newInterval;
            return this;
        }

        /**
         * After how many entries of its Raft log a replica forces a shard's log, so that the Raft log may be purged, and a restart has less to do again.
         * 10,000 by default.
         *
         * @param entries 10 to 1,000,000
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder snapshotEntries(long entries) {
            this.snapshotEntries = checkRange("snapshotEntries", entries, 10, 1_000_000);
            return this;
        }

        /**
         * How many entries of the Raft log stay behind the last that is forced. A replica that was away for longer fetches the whole log from a peer.
         * 100,000 by default.
         *
         * @param entries 10 to 10,000,000
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder keptEntries(int entries) {
            this.keptEntries = (int) checkRange("keptEntries", entries, 10, 10_000_000);
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
            this.raftSegmentBytes = (int) checkRange("raftSegmentBytes", bytes, 64 << 10, 1 << 30);
            return this;
        }

        /**
         * How fast a replica that is far behind, or damaged, fetches a peer's log at most, so that the peer goes on serving. 64 MiB a second by default.
         *
         * @param bytes a second, 1 KiB to 64 GiB
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder repairBytesPerSecond(long bytes) {
            this.repairBytesPerSecond = checkRange("repairBytesPerSecond", bytes, 1L << 10, 1L << 36);
            return this;
        }

        private static long checkRange(String name, long given, long least, long most) {
            if (given < least || given > most) {
                throw new IllegalArgumentException(name + " is not from " + least + " to " + most + ": " + name + '=' + given);
            }
            return given;
        }

        /**
         * The options.
         *
         * @return them
         * @throws IllegalArgumentException where no replicas are set, or an option of the log can't be replicated
         */
        public RatisOptions build() {
            if (replicas == null) {
                throw new IllegalArgumentException("a replicated log needs its replicas; call replicas()");
            }
            WalOptions.Builder given = WalOptions.builder();
            wal.accept(given);
            checkReplicable(given.build());
            return new RatisOptions(this, replicas);
        }

        /** What replicas decide by themselves would make them differ. */
        private static void checkReplicable(WalOptions wal) {
            boolean isLimited = wal.maxBytesPerStream() != Long.MAX_VALUE || wal.maxTotalBytes() != Long.MAX_VALUE
                    || wal.streams().values().stream().anyMatch(stream -> stream.maxBytesPerStream().isPresent());
            if (isLimited) {
                throw new IllegalArgumentException("limits of bytes can't be replicated, as replicas take space of their own: maxBytesPerStream="
                        + wal.maxBytesPerStream() + ", maxTotalBytes=" + wal.maxTotalBytes() + "; set a retention");
            }
            if (wal.encryption().isPresent()) {
                throw new IllegalArgumentException("an encrypted log can't be replicated, as each replica would encrypt differently, and the Raft log"
                        + " not at all; encrypt the disk, or the records");
            }
        }
    }
}
