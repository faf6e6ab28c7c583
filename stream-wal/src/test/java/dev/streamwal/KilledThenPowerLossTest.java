package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalException;
import dev.streamwal.reader.Keys;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process is killed at each of its calls that change the disk, and the page cache stays. The next process appends durably, or removes records; then the
 * power is lost. What the first one had put into the page cache isn't durable, and what the second one acknowledges mustn't depend on it.
 */
class KilledThenPowerLossTest extends DurabilityOnSimulatedDisk {

    private static final Set<Call> CHANGES = EnumSet.complementOf(EnumSet.of(Call.STORE, Call.OPEN, Call.READ, Call.LIST, Call.LOOK));
    private static final List<String> KEYS = List.of("own", "shared", "other");
    /** So that four of them need another file of the journal. */
    private static final int LARGE_BYTES = 4 << 10;
    private static final int MIN_CALLS = 10;
    private static final int MAX_CALLS = 1_000;

    KilledThenPowerLossTest() {
        super(new SimulatedDisk());
    }

    /** Runs a program that is killed at its n-th call. */
    private interface Program {
        /** @return false if it ended before */
        boolean isKilledAt(int nth) throws IOException;
    }

    private static void atEachCall(Program program) throws IOException {
        int nth = 1;
        while (program.isKilledAt(nth)) {
            assertThat(++nth).as("calls").isLessThan(MAX_CALLS);
        }
        assertThat(nth).as("calls").isGreaterThan(MIN_CALLS);
    }

    @Test
    void killedAtEachCallOfAProgram_whatIsAppendedDurablyBehindIt_survives() throws IOException {
        atEachCall(nth -> {
            begin(nth);
            run();
            return isKilledAndGoesOn(nth);
        });
    }

    @Test
    void killedAtEachCallOfARecovery_whatIsAppendedDurablyBehindIt_survives() throws IOException {
        atEachCall(nth -> {
            begin(Integer.MAX_VALUE);
            run();
            disk.kill();
            disk.failing(killAt(nth));
            recover();
            return isKilledAndGoesOn(nth);
        });
    }

    /** Removes the second of two records of a stream that are in two windows, or the first, or both. */
    private enum Removal {
        ERASE(false, true) {
            @Override
            void from(StreamWal wal, Instant end, Map<String, Written> first) {
                ErasureReport unused = wal.erase(Keys.all(), Instant.MIN, end);
            }
        },
        PURGE(false, true) {
            @Override
            void from(StreamWal wal, Instant end, Map<String, Written> first) {
                wal.pack();
                SweepResult unused = wal.purge(Keys.all(), end);
            }
        },
        DELETE(false, false) {
            @Override
            void from(StreamWal wal, Instant end, Map<String, Written> first) {
                first.keySet().forEach(wal::delete);
            }
        },
        TRUNCATE(true, false) {
            @Override
            void from(StreamWal wal, Instant end, Map<String, Written> first) {
                first.forEach((key, record) -> wal.stream(key).truncateAfter(record.ref()));
            }
        };

        private final boolean firstStays;
        private final boolean secondStays;

        Removal(boolean firstStays, boolean secondStays) {
            this.firstStays = firstStays;
            this.secondStays = secondStays;
        }

        abstract void from(StreamWal wal, Instant end, Map<String, Written> first);
    }

    /** The next call may find nothing to remove any more: what the first one did has to be durable all the same. */
    @ParameterizedTest
    @EnumSource(Removal.class)
    void killedAtEachCallOfARemoval_whatIsRemovedAgainBehindIt_staysAway(Removal removal) throws IOException {
        atEachCall(nth -> {
            begin(Integer.MAX_VALUE);
            Instant end = clock.instant().plus(WINDOW);
            StreamWal wal = open();
            Map<String, Written> first = appendToEach(wal);
            clock.advance(WINDOW);
            Map<String, Written> second = appendToEach(wal);
            disk.failing(killAt(nth));
            try {
                removal.from(wal, end, first);
            } catch (WalException killed) {
                // the next process does it
            }
            boolean wasKilled = kill();
            StreamWal next = open();
            removal.from(next, end, first);
            for (int i = 0; i < 20; i++) {
                // through several files of the journal
                appendDurably(next, "later", LARGE_BYTES);
            }
            losePower();
            try (StreamWal after = open()) {
                for (String key : KEYS) {
                    List<Written> left = new ArrayList<>();
                    left.addAll(removal.firstStays ? List.of(first.get(key)) : List.of());
                    left.addAll(removal.secondStays ? List.of(second.get(key)) : List.of());
                    assertThat(read(after, key)).as("%s, killed at call %d", key, nth).isEqualTo(left);
                }
                assertAllThere(after);
            }
            return wasKilled;
        });
    }

    private Map<String, Written> appendToEach(StreamWal wal) {
        Map<String, Written> records = new LinkedHashMap<>();
        KEYS.forEach(key -> records.put(key, append(wal, key, 50, Durability.IMMEDIATE)));
        return records;
    }

    private static FaultPlan killAt(int nth) {
        return new FaultPlan(0, CHANGES, "", nth, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR);
    }

    /** @return false if the process ended before it was killed */
    private boolean kill() {
        boolean wasKilled = !disk.failures().isEmpty();
        disk.failing(FaultPlan.NONE);
        disk.kill();
        return wasKilled;
    }

    private void begin(int nth) throws IOException {
        disk = new SimulatedDisk();
        acknowledged.clear();
        makeRootDurably();
        disk.failing(killAt(nth));
    }

    @Override
    WalOptions.Builder options() {
        return super.options().ownSegments(1);
    }

    /** Ends with the first call that fails. It doesn't close the log. */
    private void run() {
        try {
            StreamWal wal = open();
            for (int window = 0; window < 2; window++) {
                for (String key : KEYS) {
                    acknowledge(key, append(wal, key, 50, Durability.BUFFERED));
                    appendDurably(wal, key, LARGE_BYTES);
                }
                clock.advance(WINDOW);
                int unusedCount = wal.pack();
            }
            Written unused = append(wal, "gone", 50, Durability.BUFFERED);
            assertThat(wal.delete("gone")).isTrue();
            appendDurably(wal, "own", LARGE_BYTES);
            acknowledge("shared", append(wal, "shared", 50, Durability.BUFFERED));
        } catch (WalException killed) {
            // its record was not acknowledged
        }
    }

    private void recover() {
        try {
            StreamWal wal = open();
            KEYS.forEach(key -> wal.stream(key).endPosition());
        } catch (WalException killed) {
            // it is killed now
        }
    }

    /** @return false if the process ended before it was killed */
    private boolean isKilledAndGoesOn(int nth) {
        boolean wasKilled = kill();
        StreamWal next = open();
        KEYS.forEach(key -> appendDurably(next, key, 10));
        losePower();
        for (int i = 0; i < 2; i++) {
            try (StreamWal wal = open()) {
                acknowledged.forEach((key, records) -> assertThat(read(wal, key)).as("%s, killed at call %d", key, nth).containsSubsequence(records));
                KEYS.forEach(key -> appendDurably(wal, key, 10));
            }
        }
        return wasKilled;
    }
}
