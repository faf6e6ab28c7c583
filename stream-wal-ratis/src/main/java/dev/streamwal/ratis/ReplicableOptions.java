package dev.streamwal.ratis;

import dev.streamwal.Segments;
import dev.streamwal.StreamOptions;
import dev.streamwal.WalOptions;
import java.time.Duration;

/** Which options of a log don't make replicas differ. */
final class ReplicableOptions {

    /** So that a shared segment takes the largest record. */
    private static final int MIN_SEGMENT_BYTES = 4 << 20;

    private ReplicableOptions() {}

    /** @throws IllegalArgumentException if replicas would decide something each for itself */
    static void check(WalOptions wal) {
        if (wal.maxBytesPerStream() != Long.MAX_VALUE || wal.maxTotalBytes() != Long.MAX_VALUE) {
            throw new IllegalArgumentException("limits of bytes can't be replicated, as replicas take space of their own: maxBytesPerStream="
                    + wal.maxBytesPerStream() + ", maxTotalBytes=" + wal.maxTotalBytes() + "; set a retention");
        }
        if (wal.encryption().isPresent()) {
            throw new IllegalArgumentException("an encrypted log can't be replicated, as each replica would encrypt differently, and the Raft log"
                    + " not at all; encrypt the disk, or the records");
        }
        if (wal.tier().isPresent()) {
            throw new IllegalArgumentException("a log with a tier can't be replicated, as all shards and replicas would move their packs into one folder: tier="
                    + wal.tier().get() + "; take it out, and set a retention");
        }
        if (wal.segmentBytes() < MIN_SEGMENT_BYTES) {
            throw new IllegalArgumentException("segments of a replicated log are too small for the largest record: segmentBytes=" + wal.segmentBytes()
                    + ", min=" + MIN_SEGMENT_BYTES + "; raise segmentBytes");
        }
        wal.streams().forEach(ReplicableOptions::check);
    }

    private static void check(String pattern, StreamOptions options) {
        if (options.maxBytesPerStream().isPresent() || options.segments().filter(segments -> segments == Segments.OWN).isPresent()
                || options.durability().isPresent() || !options.retainedFor().isEmpty()) {
            throw new IllegalArgumentException("streams of a replicated log can't have a limit of bytes, segments of their own, a durability, or consumers that"
                    + " records are kept for: keyPattern=" + pattern + ", options=" + options + "; set a window and a retention only");
        }
    }

    /** The interval, or the shortest window of a stream. */
    static Duration shortest(WalOptions wal, Duration interval) {
        Duration shortest = wal.window().compareTo(interval) < 0 ? wal.window() : interval;
        for (StreamOptions options : wal.streams().values()) {
            Duration window = windowOf(wal, options);
            shortest = window.compareTo(shortest) < 0 ? window : shortest;
        }
        return shortest;
    }

    /** Without a window of its own a stream has the log's, or one by its retention; which of them can't be told from here, and the shorter one does no harm. */
    private static Duration windowOf(WalOptions wal, StreamOptions options) {
        return options.window().orElseGet(() -> options.retention()
                .map(retention -> WalOptions.builder().retention(retention).build().window())
                .filter(window -> window.compareTo(wal.window()) < 0).orElse(wal.window()));
    }
}
