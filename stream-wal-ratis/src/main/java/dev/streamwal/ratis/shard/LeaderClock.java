package dev.streamwal.ratis.shard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.ProgramClock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * This replica's clock, as it would stamp entries by it while it leads. All replicas delete by that time, and the replicated time never goes back: so a clock
 * that is too far ahead isn't believed, as by a sweep of a log on one machine ({@code maxClockAdvance}).
 *
 * <p>Known is the replicated time that this replica has seen last, plus what has passed since by the monotonic clock. Where there is none yet, in a new log,
 * the clock is believed. Who stood still for longer than {@code maxClockAdvance} vouches for the clock by {@link #believe}.
 *
 * <p>This decides what gets into the Raft log, on the leader alone. What is in there is applied by all.
 *
 * <p>Thread-safe.
 */
final class LeaderClock {

    private final InstantSource clock;
    private final long maxAdvanceMillis;
    private final LongSupplier nanoTime;

    @GuardedBy("this")
    private boolean isKnown;
    @GuardedBy("this")
    private long replicatedMillis;
    /** What was known last, and when by the monotonic clock. */
    @GuardedBy("this")
    private long knownMillis;
    @GuardedBy("this")
    private long knownNanos;

    /** @param maxAdvanceMillis by how much the clock may be ahead of the known time */
    LeaderClock(InstantSource clock, long maxAdvanceMillis, LongSupplier nanoTime) {
        this.clock = new ProgramClock(clock);
        this.maxAdvanceMillis = maxAdvanceMillis;
        this.nanoTime = nanoTime;
    }

    /** The replicated time, which is that or later. */
    synchronized void saw(long millis) {
        replicatedMillis = isKnown ? Math.max(replicatedMillis, millis) : millis;
        know(millis);
    }

    /** Somebody vouches for what the clock says now. */
    synchronized void believe() {
        know(clock.millis());
    }

    @GuardedBy("this")
    private void know(long millis) {
        long nanos = nanoTime.getAsLong();
        if (!isKnown || millis > known(nanos)) {
            isKnown = true;
            knownMillis = millis;
            knownNanos = nanos;
        }
    }

    @GuardedBy("this")
    private long known(long nanos) {
        return knownMillis + TimeUnit.NANOSECONDS.toMillis(Math.max(0, nanos - knownNanos));
    }

    /** Whether entries can't be stamped by the clock, as it isn't believed. */
    synchronized boolean isAhead() {
        return isAhead(clock.millis());
    }

    @GuardedBy("this")
    private boolean isAhead(long nowMillis) {
        return isKnown && nowMillis - maxAdvanceMillis > known(nanoTime.getAsLong());
    }

    /**
     * What the clock says.
     *
     * @throws IOException if it fails, or isn't believed
     */
    synchronized long stamp() throws IOException {
        long now;
        try {
            now = clock.millis();
        } catch (RuntimeException e) {
            throw new IOException("clock of the replica that leads fails: " + e, e);
        }
        if (isAhead(now)) {
            throw new IOException("clock of the replica that leads is too far ahead of the log's: clock=" + Instant.ofEpochMilli(now) + ", replicatedClock="
                    + Instant.ofEpochMilli(replicatedMillis) + ", maxClockAdvance=" + Duration.ofMillis(maxAdvanceMillis)
                    + "; set it right, or, if the log did stand still for so long, start that replica with --believe-clock or call believeClock()");
        }
        return now;
    }
}
