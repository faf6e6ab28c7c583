package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A stream that goes on in a segment of its own, behind what it has in shared ones: a loss of power never takes what stands before something that
 * it leaves, nor what was acknowledged as durable.
 */
@Tag("portable")
class SharedThenOwnTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String KEY = "s";
    private static final int LARGE_BYTES = 4 << 10;

    private final SimulatedDisk disk = new SimulatedDisk();

    private static WalOptions.Builder options() {
        return WalOptions.builder().clock(() -> NOW).segmentBytes(16 << 10).maxRecordBytes(8 << 10).ownSegments(0).sweepInterval(Duration.ZERO);
    }

    private static StreamWal open(SimulatedDisk disk, WalOptions.Builder options, String boot, boolean mapped) {
        return SimulatedLog.open(disk.path("/log"), options.build(), boot, mapped, new Random(boot.hashCode())::nextLong);
    }

    /** After each call so far, as a loss of power would leave it that takes all that wasn't flushed. */
    private void assertPrefixAfterEachCall(int from, List<Integer> all, boolean mapped) {
        for (int at = from; at <= disk.operations(); at++) {
            CrashPoint point = disk.crashPoint(at);
            try (StreamWal wal = open(point.state(point.allLost()), options(), "after " + at, mapped)) {
                List<Integer> found = SimulatedLog.lengths(wal, KEY);
                assertThat(found).as("after call " + at).isEqualTo(all.subList(0, found.size()));
                wal.stream(KEY).append(WriteEntry.of(new byte[7]), Durability.IMMEDIATE);
                assertThat(SimulatedLog.lengths(wal, KEY)).hasSize(found.size() + 1);
            }
        }
    }

    private List<Integer> foundNow(boolean mapped) {
        CrashPoint point = disk.crashPoint(disk.mark());
        try (StreamWal wal = open(point.state(point.allLost()), options(), "boot after", mapped)) {
            return SimulatedLog.lengths(wal, KEY);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_aLargeRecordBehindSharedOnes_isDurableWithThem(boolean mapped) {
        List<Integer> all = new ArrayList<>();
        int from = disk.operations();
        StreamWal wal = open(disk, options(), "boot", mapped);
        WalStream stream = wal.stream(KEY);
        for (int i = 1; i <= 3; i++) {
            stream.append(new byte[i]);
            all.add(i);
        }
        stream.append(WriteEntry.of(new byte[LARGE_BYTES]), Durability.IMMEDIATE);
        all.add(LARGE_BYTES);
        assertThat(foundNow(mapped)).isEqualTo(all);
        stream.append(new byte[9]);
        all.add(9);
        SimulatedLog.runBackground(wal);
        assertPrefixAfterEachCall(from, all, mapped);
        wal.close();
    }

    /** What stands in a shared segment that isn't sealed can't be packed, and so isn't swept: what stands behind it waits for it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sweep_whatStandsBeforeItIsStillInASharedSegment_staysWithIt(boolean mapped) {
        // by their timestamps both expire in half a window, and the shared segment was begun just now
        Duration half = options().build().window().dividedBy(2);
        StreamWal wal = open(disk, options().clock(() -> NOW.plus(half)), "boot", mapped);
        WalStream stream = wal.stream(KEY);
        long longAgo = NOW.minus(options().build().retention()).toEpochMilli();
        stream.append(longAgo, new byte[1]);
        stream.append(longAgo, new byte[LARGE_BYTES]);

        int early = wal.sweep(NOW.plus(half).plus(half)).deletedSegments();

        assertThat(early).isZero();
        assertThat(SimulatedLog.lengths(wal, KEY)).containsExactly(1, LARGE_BYTES);
        SimulatedLog.runBackground(wal);
        assertThat(wal.sweep(NOW.plus(half).plus(half.multipliedBy(3))).deletedSegments()).isEqualTo(2);
        assertThat(SimulatedLog.lengths(wal, KEY)).isEmpty();
        wal.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_afterAKillToASegmentOfItsOwn_neverOutlivesWhatStandsBeforeIt(boolean mapped) {
        List<Integer> all = new ArrayList<>();
        StreamWal killed = open(disk, options(), "boot", mapped);
        for (int i = 1; i <= 3; i++) {
            killed.stream(KEY).append(new byte[i]);
            all.add(i);
        }
        disk.kill();
        int from = disk.operations();
        StreamWal wal = open(disk, options().streams(KEY, StreamOptions.builder().segments(Segments.OWN).build()), "boot", mapped);
        wal.stream(KEY).sync();
        assertThat(foundNow(mapped)).as("what a killed writer has left is made durable, when it is asked for").isEqualTo(all);
        for (int i = 4; i <= 8; i++) {
            wal.stream(KEY).append(new byte[i]);
            all.add(i);
        }
        wal.sweep(NOW.plus(Duration.ofDays(1)));
        SimulatedLog.runBackground(wal);
        assertPrefixAfterEachCall(from, all, mapped);
        wal.close();
    }

    /** What another stream forces is not all that a stream has. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_behindALargeRecordAndAnotherStreamIsForced_aLossOfPowerLeavesABeginning(boolean mapped) {
        StreamWal wal = open(disk, options(), "boot", mapped);
        wal.stream(KEY).append(new byte[LARGE_BYTES]);
        wal.stream(KEY).append(new byte[9]);
        wal.stream("other").append(WriteEntry.of(new byte[1]), Durability.IMMEDIATE);
        List<Integer> found = foundNow(mapped);
        assertThat(found).isEqualTo(List.of(LARGE_BYTES, 9).subList(0, found.size()));
        wal.close();
    }

    /** The stream shares from now on, as it goes on in another process's place. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_durablyBehindWhatAKilledWriterLeftInASegmentOfItsOwn_isDurableWithIt(boolean mapped) {
        StreamWal killed = open(disk, options().streams(KEY, StreamOptions.builder().segments(Segments.OWN).build()), "boot", mapped);
        killed.stream(KEY).append(new byte[1]);
        killed.stream(KEY).append(new byte[2]);
        disk.kill();
        StreamWal wal = open(disk, options(), "boot", mapped);
        wal.stream(KEY).append(WriteEntry.of(new byte[3]), Durability.IMMEDIATE);
        assertThat(foundNow(mapped)).containsExactly(1, 2, 3);
        wal.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_behindWhatAKilledWriterLeftInASegmentOfItsOwn_neverOutlivesIt(boolean mapped) {
        StreamWal killed = open(disk, options().streams(KEY, StreamOptions.builder().segments(Segments.OWN).build()), "boot", mapped);
        killed.stream(KEY).append(new byte[1]);
        killed.stream(KEY).append(new byte[2]);
        disk.kill();
        StreamWal wal = open(disk, options(), "boot", mapped);
        wal.stream(KEY).append(new byte[3]);
        wal.stream("other").append(WriteEntry.of(new byte[1]), Durability.IMMEDIATE);
        List<Integer> found = foundNow(mapped);
        assertThat(found).isEqualTo(List.of(1, 2, 3).subList(0, found.size()));
        wal.close();
    }

    /**
     * A segment that a close has left without a footer, then a shared one, then another one: what the last says of where the data before it ends is
     * where that in the shared segment ends.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void open_aSegmentOfItsOwnWithoutAFooterBeforeSharedRecordsAndALargeOne_findsAll(boolean mapped) {
        StreamWal closed = open(disk, options().streams(KEY, StreamOptions.builder().segments(Segments.OWN).build()), "boot", mapped);
        closed.stream(KEY).append(new byte[1]);
        closed.stream(KEY).append(new byte[2]);
        closed.close();
        StreamWal killed = open(disk, options(), "boot", mapped);
        killed.stream(KEY).append(new byte[3]);
        killed.stream(KEY).append(WriteEntry.of(new byte[LARGE_BYTES]), Durability.IMMEDIATE);
        List<Integer> all = new ArrayList<>(List.of(1, 2, 3, LARGE_BYTES));
        int beforeFooters = disk.mark();
        SimulatedLog.runBackground(killed);
        for (int at = beforeFooters; at <= disk.mark(); at++) {
            CrashPoint point = disk.crashPoint(at);
            for (Survival left : List.of(point.allLost(), point.allKept())) {
                assertGoesOn(point.state(left), "after", all, mapped);
            }
            // as a kill leaves it
            assertGoesOn(point.state(point.allKept()), "boot", all, mapped);
        }
        killed.close();
    }

    private static void assertGoesOn(SimulatedDisk disk, String boot, List<Integer> all, boolean mapped) {
        List<Integer> more = new ArrayList<>(all);
        try (StreamWal wal = open(disk, options(), boot, mapped)) {
            assertThat(SimulatedLog.lengths(wal, KEY)).isEqualTo(more);
            wal.stream(KEY).append(WriteEntry.of(new byte[7]), Durability.IMMEDIATE);
            more.add(7);
            assertThat(SimulatedLog.lengths(wal, KEY)).isEqualTo(more);
        }
        try (StreamWal wal = open(disk, options(), "later", mapped)) {
            assertThat(SimulatedLog.lengths(wal, KEY)).isEqualTo(more);
        }
    }

    /** In some orders of kinds, closed or killed in between; wherever power is lost, and whatever that leaves. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_kindsOfSegmentsInTurn_aLossOfPowerLeavesABeginning(boolean mapped) {
        for (int isKilled = 0; isKilled < 4; isKilled++) {
            assertLeavesABeginning(List.of(Segments.OWN, Segments.SHARED, Segments.OWN), isKilled, mapped);
            assertLeavesABeginning(List.of(Segments.SHARED, Segments.OWN, Segments.AUTO), isKilled, mapped);
        }
    }

    /** @param isKilled whether the process was killed after each turn, a bit each */
    private static void assertLeavesABeginning(List<Segments> turns, int isKilled, boolean mapped) {
        SimulatedDisk disk = new SimulatedDisk();
        List<Integer> all = new ArrayList<>();
        List<StreamWal> before = new ArrayList<>();
        for (Segments turn : turns) {
            if (!before.isEmpty() && (isKilled & 1 << (before.size() - 1)) != 0) {
                disk.kill();
            } else if (!before.isEmpty()) {
                before.get(before.size() - 1).close();
            }
            StreamWal wal = open(disk, options().streams(KEY, StreamOptions.builder().segments(turn).build()), "boot", mapped);
            before.add(wal);
            for (int n = 0; n < 2; n++) {
                all.add(all.size() + 1);
                wal.stream(KEY).append(new byte[all.size()]);
            }
        }
        StreamWal last = before.get(before.size() - 1);
        SimulatedLog.runBackground(last);
        for (int at = disk.mark(); at > 0; at -= 3) {
            CrashPoint point = disk.crashPoint(at);
            for (Survival left : point.survivals(0, 2, at)) {
                String where = turns + ", isKilled=" + isKilled + ", after call " + at + ", " + point.describe(left);
                try (StreamWal wal = open(point.state(left), options(), "after", mapped)) {
                    List<Integer> found = SimulatedLog.lengths(wal, KEY);
                    assertThat(found).as(where).isEqualTo(all.subList(0, found.size()));
                }
            }
        }
        last.close();
    }
}
