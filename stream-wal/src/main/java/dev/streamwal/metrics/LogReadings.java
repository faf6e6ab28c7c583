package dev.streamwal.metrics;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.StreamWal;
import dev.streamwal.WalActivity;
import dev.streamwal.WalHealth;
import dev.streamwal.WalStats;
import dev.streamwal.error.WalException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What meters show: a log is read once for all of them. Holds no log, so that a registry that holds this keeps no closed log in memory. Thread-safe.
 */
final class LogReadings {

    /** A registry asks all meters within a moment, and none again for seconds. */
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    @GuardedBy("this")
    private @Nullable Reading last;

    @GuardedBy("this")
    private long readAt;

    @GuardedBy("this")
    private boolean isCurrent;

    /** What a log says of itself at one moment. */
    record Reading(WalStats stats, WalActivity activity, WalHealth.State state) {

        static Reading of(StreamWal wal) {
            return new Reading(wal.stats(), wal.activity(), wal.health().state());
        }
    }

    /** The last reading; empty if the log could never be read. Counters stay where they were when the log was closed. */
    synchronized Optional<Reading> last(StreamWal wal) {
        read(wal);
        return Optional.ofNullable(last);
    }

    /** The reading of now; empty if the log is closed, or can't be read. */
    synchronized Optional<Reading> now(StreamWal wal) {
        read(wal);
        return isCurrent ? Optional.ofNullable(last) : Optional.empty();
    }

    @GuardedBy("this")
    private void read(StreamWal wal) {
        long now = System.nanoTime();
        if (last != null && now - readAt < FRESH_NANOS) {
            return;
        }
        try {
            last = Reading.of(wal);
            isCurrent = true;
        } catch (WalException e) {
            // closed, or its files can't be listed, which the log's own callers and health() tell
            isCurrent = false;
        }
        readAt = now;
    }
}
