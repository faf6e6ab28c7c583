package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What it costs to begin a stream, in calls of the disk. */
@Tag("portable")
class NewKeysTest {

    private static final int KEYS = 50;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    private StreamWal open(SimulatedDisk disk) {
        WalOptions options = WalOptions.builder().clock(() -> now).ownSegments(0).sweepInterval(Duration.ZERO).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(disk.operations())::nextLong);
    }

    /** Returns the number of the disk's calls. */
    private static int append(SimulatedDisk disk, StreamWal wal, String prefix) {
        int before = disk.calls();
        for (int i = 0; i < KEYS; i++) {
            assertThat(wal.stream(prefix + i).append(WriteEntry.of(new byte[20]))).isNotNull();
        }
        return disk.calls() - before;
    }

    /** A log that stays open for longer than its retention has nothing left of the writer before. */
    @Test
    void append_toNewKeysWhenInheritedPacksHaveGone_asksNoPacks() {
        SimulatedDisk disk = new SimulatedDisk();
        try (StreamWal before = open(disk)) {
            append(disk, before, "before/");
            now = now.plus(Duration.ofDays(2));
            assertThat(before.pack()).isPositive();
        }
        try (StreamWal wal = open(disk)) {
            now = now.plus(Duration.ofDays(6));
            append(disk, wal, "now/");
            now = now.plus(Duration.ofDays(2));
            assertThat(wal.pack()).isPositive();
            assertThat(wal.sweep(now).deletedSegments()).isEqualTo(KEYS);
            assertThat(wal.stats().packs()).isPositive();
            append(disk, wal, "first in its window");
            int first = append(disk, wal, "new/");
            assertThat(first).isEqualTo(append(disk, wal, "new/"));
        }
    }
}
