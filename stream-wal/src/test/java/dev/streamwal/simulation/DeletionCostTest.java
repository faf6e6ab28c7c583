package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.Keys;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    /** In shared segments, in packs, and in segments of their own: some forces for a thousand streams, and none for each. */
    @ParameterizedTest
    @CsvSource({"10000, false, 0", "10000, true, 0", "2500, false, 2500"})
    void delete_many_forcesNoMoreForEachThousandThanForOne(int keys, boolean packed, int own) {
        SimulatedDisk disk = new SimulatedDisk();
        WalOptions options = WalOptions.builder().clock(() -> now).ownSegments(own).sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong)) {
            for (int i = 0; i < keys; i++) {
                assertThat(wal.stream(key(i)).append(WriteEntry.of(new byte[20]))).isNotNull();
            }
            wal.sync();
            if (packed) {
                now = now.plus(Duration.ofDays(2));
                assertThat(wal.pack()).isPositive();
            }
            assertThat(wal.delete(key(0))).isTrue();
            int before = disk.operations();
            assertThat(wal.delete(key(1))).isTrue();
            long forOne = forces(disk, before);
            before = disk.operations();
            assertThat(wal.delete(Keys.prefix("key/"))).isEqualTo(keys - 2);
            long forAll = forces(disk, before);
            System.out.println("DeletionCostTest: forces for a stream: " + forOne + ", for " + (keys - 2) + ": " + forAll);
            // a checkpoint of the journal, or the list of packs written as a whole, takes some more
            assertThat(forAll).isLessThanOrEqualTo((keys / 1_000 + 1) * forOne + 20);
            assertThat(wal.keys()).isEmpty();
            assertThat(wal.delete(Keys.all())).isZero();
        }
        try (StreamWal wal = open(disk)) {
            assertThat(wal.keys()).isEmpty();
        }
    }

    private static long forces(SimulatedDisk disk, int before) {
        return IntStream.rangeClosed(before + 1, disk.operations()).mapToObj(disk::operation)
                .filter(operation -> operation.call() == Call.FORCE || operation.call() == Call.FORCE_DIRECTORY).count();
    }
}
