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

/** What it costs to delete streams that are in packs, in bytes that the disk is given. */
@Tag("portable")
class DeletionCostTest {

    private static final int KEYS = 4_000;
    /** Of those that are deleted; less than a third of all, so that no pack is rewritten. */
    private static final int SOME = 300;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    private StreamWal open(SimulatedDisk disk) {
        WalOptions options = WalOptions.builder().clock(() -> now).ownSegments(0).sweepInterval(Duration.ZERO).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(disk.operations())::nextLong);
    }

    private static String key(int number) {
        return "key/" + number;
    }

    /** Returns the bytes that were written. */
    private static long delete(SimulatedDisk disk, StreamWal wal, int from) {
        int before = disk.operations();
        for (int i = from; i < from + SOME; i++) {
            assertThat(wal.delete(key(i))).isTrue();
        }
        long bytes = 0;
        for (int i = before + 1; i <= disk.operations(); i++) {
            Operation operation = disk.operation(i);
            bytes += operation.call() == Call.WRITE ? operation.bytes() : 0;
        }
        return bytes;
    }

    @Test
    void delete_oneByOneInPacks_writesNoMoreForWhatWasDeletedBefore() {
        SimulatedDisk disk = new SimulatedDisk();
        try (StreamWal wal = open(disk)) {
            for (int i = 0; i < KEYS; i++) {
                assertThat(wal.stream(key(i)).append(WriteEntry.of(new byte[20]))).isNotNull();
            }
            now = now.plus(Duration.ofDays(2));
            assertThat(wal.pack()).isPositive();
            long first = delete(disk, wal, 0);
            long second = delete(disk, wal, SOME);
            long third = delete(disk, wal, 2 * SOME);
            long fourth = delete(disk, wal, 3 * SOME);
            System.out.println("DeletionCostTest: bytes a deletion: " + first / SOME + ", " + second / SOME + ", " + third / SOME + ", " + fourth / SOME);
            // the list of packs may have been written as a whole once more
            assertThat(fourth).as("bytes, the first took " + first).isLessThan(2 * first);
        }
        try (StreamWal wal = open(disk)) {
            assertThat(wal.keys()).hasSize(KEYS - 4 * SOME).doesNotContain(key(0), key(4 * SOME - 1)).contains(key(4 * SOME));
        }
    }
}
