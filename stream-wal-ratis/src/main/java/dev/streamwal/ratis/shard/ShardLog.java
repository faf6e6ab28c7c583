package dev.streamwal.ratis.shard;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryPolicy;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

/** The live log of a shard on one replica, from one image to the next. What is appended is buffered: the Raft log has it, too, and is forced before. */
final class ShardLog implements AutoCloseable {

    /** The largest record that a shared segment takes, as it stands in the log: a larger one would get a segment of its own, and other positions. */
    static final int MAX_FRAME_BYTES = 512 << 10;

    /**
     * The log packs by itself when shared segments are full, but doesn't sweep: after a sweep new streams begin elsewhere, and each replica has something else
     * to sweep. So that is done right before the log is closed for an image.
     */
    private static final Duration NEVER = Duration.ofDays(3_653);

    private final StreamWal wal;

    private ShardLog(StreamWal wal) {
        this.wal = wal;
    }

    /**
     * Opens the log.
     *
     * @param given sets what the program may choose
     * @param clock the replicated one
     */
    static ShardLog open(Path root, Consumer<WalOptions.Builder> given, InstantSource clock) {
        WalOptions.Builder options = WalOptions.builder();
        given.accept(options);
        return new ShardLog(StreamWal.open(root, options
                .durability(Durability.BUFFERED)
                .ownSegments(0) // which stream gets segments of its own would depend on the others
                .recoveryPolicy(RecoveryPolicy.STOP_AT_FIRST_ERROR) // a peer's image is better than what can be saved
                .clock(clock)
                .maxClockAdvance(NEVER) // what is known of the time differs between replicas; the program's limits what a leader stamps: LeaderClock
                .sweepInterval(NEVER)
                .build()));
    }

    /** Whether every stream can be appended to. */
    boolean isWhole() {
        return wal.recoverAll(progress -> {}).refusedStreams() == 0;
    }

    EntryRef append(String key, WriteEntry entry) {
        return wal.stream(key).append(entry, Durability.BUFFERED);
    }

    /** Deletes what has expired. Behind it the log is to be closed. */
    void sweep(Instant now) {
        var unused = wal.sweep(now);
    }

    /** For tests: packs what there is to pack now. */
    void pack() {
        int unused = wal.pack();
    }

    @Override
    public void close() {
        wal.close();
    }
}
