package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalException;
import dev.streamwal.reader.Keys;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A process is killed at each of its calls that change the disk, and the page cache stays. The next process appends durably, or erases; then the power is
 * lost. What the first one had put into the page cache isn't durable, and what the second one acknowledges mustn't depend on it.
 */
class KilledThenPowerLossTest extends DurabilityOnSimulatedDisk {

    private static final Set<Call> CHANGES = EnumSet.complementOf(EnumSet.of(Call.STORE, Call.OPEN, Call.READ, Call.LIST, Call.LOOK));
    private static final List<String> KEYS = List.of("own", "shared", "other");
    /** So that four of them need another file of the journal. */
    private static final int LARGE_BYTES = 4 << 10;

    KilledThenPowerLossTest() {
        super(new SimulatedDisk());
    }

    @Test
    void killedAtEachCallOfAProgram_whatIsAppendedDurablyBehindIt_survives() throws IOException {
        int nth = 0;
        do {
            begin(++nth);
            run();
        } while (isKilledAndGoesOn(nth));
        assertThat(nth).isGreaterThan(50);
    }

    @Test
    void killedAtEachCallOfARecovery_whatIsAppendedDurablyBehindIt_survives() throws IOException {
        int nth = 0;
        do {
            begin(Integer.MAX_VALUE);
            run();
            disk.kill();
            disk.failing(new FaultPlan(0, CHANGES, "", ++nth, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
            recover();
        } while (isKilledAndGoesOn(nth));
        assertThat(nth).isGreaterThan(10);
    }

    /** The next call finds nothing to erase any more: what the first one did has to be durable all the same. */
    @Test
    void killedAtEachCallOfAnErasure_whatIsErasedAgainBehindIt_staysErased() throws IOException {
        int nth = 0;
        boolean wasKilled;
        do {
            begin(Integer.MAX_VALUE);
            Instant end = clock.instant().plus(WINDOW);
            StreamWal wal = open();
            KEYS.forEach(key -> append(wal, key, 50, Durability.IMMEDIATE));
            clock.advance(WINDOW);
            KEYS.forEach(key -> appendDurably(wal, key, 50));
            disk.failing(new FaultPlan(0, CHANGES, "", ++nth, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
            wasKilled = !erases(wal, end);
            disk.failing(FaultPlan.NONE);
            disk.kill();
            assertThat(erases(open(), end)).isTrue();
            losePower();
            try (StreamWal after = open()) {
                assertAllThere(after);
            } catch (AssertionError e) {
                throw new AssertionError("killed at call " + nth, e);
            }
        } while (wasKilled);
        assertThat(nth).isGreaterThan(10);
    }

    private static boolean erases(StreamWal wal, Instant end) {
        try {
            ErasureReport unused = wal.erase(Keys.all(), Instant.MIN, end);
            return true;
        } catch (WalException killed) {
            return false;
        }
    }

    private void begin(int nth) throws IOException {
        disk = new SimulatedDisk();
        acknowledged.clear();
        makeRootDurably();
        disk.failing(new FaultPlan(0, CHANGES, "", nth, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
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
        boolean wasKilled = !disk.failures().isEmpty();
        disk.failing(FaultPlan.NONE);
        disk.kill();
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
