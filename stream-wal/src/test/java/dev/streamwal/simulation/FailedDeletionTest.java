package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A deletion whose record in the manifest fails to be written, or to be taken back: what is appended after it stays, whether or not the deletion counts. */
@Tag("portable")
class FailedDeletionTest {

    private static final int MAX_ALONE = 20;
    private static final int RANDOM = 10;
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final AtomicLong salts = new AtomicLong();

    private StreamWal open(SimulatedDisk disk, String bootId) {
        WalOptions options = WalOptions.builder().clock(() -> NOW).sweepInterval(Duration.ZERO).ownSegments(0).build();
        return SimulatedLog.open(disk.path("/log"), options, bootId, false, new Random(salts.incrementAndGet())::nextLong);
    }

    /** A stream that shares, and whose deletion fails. */
    private StreamWal withFailedDeletion(SimulatedDisk disk) {
        StreamWal wal = open(disk, "boot-1");
        wal.stream("before").append(WriteEntry.of(new byte[10]), Durability.IMMEDIATE);
        // so that there is a manifest, to which the next deletion is added
        assertThat(wal.delete("before")).isTrue();
        wal.stream("a").append(WriteEntry.of(new byte[10]), Durability.IMMEDIATE);
        disk.failing(new FaultPlan(0, EnumSet.of(Call.FORCE, Call.TRUNCATE), "manifest", 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> wal.delete("a")).isInstanceOf(WalIOException.class);
        disk.failing(FaultPlan.NONE);
        return wal;
    }

    /** Gives back what the dead process held of this one. */
    private static void abandon(StreamWal dead) {
        try {
            dead.close();
        } catch (WalException e) {
            // it may not reach its disk any more
        }
    }

    private static void append(StreamWal wal, Durability durability) {
        for (int length = 20; length <= 40; length += 10) {
            wal.stream("a").append(WriteEntry.of(new byte[length]), durability);
        }
    }

    @Test
    void append_afterADeletionThatFailed_survivesAKill() {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = withFailedDeletion(disk);
        append(wal, Durability.BUFFERED);
        assertThat(SimulatedLog.lengths(wal, "a")).containsExactly(10, 20, 30, 40);
        disk.kill();
        try (StreamWal again = open(disk, "boot-1")) {
            assertThat(SimulatedLog.lengths(again, "a")).as("the deletion counts").containsExactly(20, 30, 40);
        }
        abandon(wal);
    }

    @Test
    void appendDurably_afterADeletionThatFailed_survivesPowerLoss() {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = withFailedDeletion(disk);
        append(wal, Durability.IMMEDIATE);
        CrashPoint point = disk.crashPoint(disk.mark());
        int deleted = 0;
        for (Survival survival : point.survivals(MAX_ALONE, RANDOM, 1)) {
            try (StreamWal again = open(point.state(survival), "boot-2")) {
                assertThat(SimulatedLog.lengths(again, "a")).as(() -> survival + " " + point.describe(survival)).endsWith(20, 30, 40);
                deleted += SimulatedLog.lengths(again, "a").size() == 3 ? 1 : 0;
            }
        }
        assertThat(deleted).as("states in which the deletion counts").isPositive();
        abandon(wal);
    }
}
