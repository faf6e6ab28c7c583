package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamwal.error.WalLockedException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A writer that has lost the log to another one is closed: the other one's journal stays as it is. */
class DisplacedWriterTest {

    private static final int RECORDS = 100;
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final SimulatedDisk disk = new SimulatedDisk();

    private StreamWal open(Path root, int salts) {
        WalOptions options = WalOptions.builder().clock(() -> NOW).retention(Duration.ofDays(1)).sweepInterval(Duration.ZERO).durability(Durability.IMMEDIATE)
                .build();
        return SmallLog.open(root, options, "boot", false, new Random(salts)::nextLong, false);
    }

    private static void append(StreamWal wal, int records) {
        for (int i = 0; i < records; i++) {
            long unused = wal.stream("s").append(new byte[300]).position();
            wal.runBackground();
        }
    }

    /** What it does before it is closed. */
    private enum Before {
        /** It doesn't know that it has lost the log. */
        NOTHING {
            @Override
            void in(StreamWal first) {}
        },
        APPEND {
            @Override
            void in(StreamWal first) {
                assertThat(catchThrowable(() -> append(first, 1))).isInstanceOf(WalLockedException.class);
            }
        },
        /** It frees files of the journal, and makes new ones. */
        BACKGROUND {
            @Override
            void in(StreamWal first) {
                Throwable unused = catchThrowable(first::runBackground);
            }
        };

        abstract void in(StreamWal first);
    }

    @ParameterizedTest
    @EnumSource
    void close_afterAnotherWriterHasGoneOn_changesNothingOfItsJournal(Before before) {
        StreamWal first = open(disk.path("/log"), 1);
        append(first, 19);
        // and no background work: a file may be full, and another one missing
        long unused = first.stream("s").append(new byte[300]).position();
        Path root = disk.besidePath("/log");
        StreamWal second = open(root, 2);
        append(second, RECORDS);
        before.in(first);
        Throwable unusedFailure = catchThrowable(first::close);
        append(second, 1);
        // as after a kill
        try (StreamWal third = open(disk.path("/log"), 3)) {
            unusedFailure = catchThrowable(second::close);
            assertThat(records(third)).isEqualTo(20 + RECORDS + 1);
            append(third, 1);
        }
        try (StreamWal fourth = open(root, 4)) {
            assertThat(records(fourth)).isEqualTo(20 + RECORDS + 2);
        }
    }

    @Test
    void append_afterAnotherWriterHasOpenedTheLog_isRejectedAsByALogThatHasFailed() {
        StreamWal first = open(disk.path("/log"), 1);
        append(first, 1);
        StreamWal second = open(disk.besidePath("/log"), 2);
        append(second, 1);
        Before.APPEND.in(first);
        assertThat(first.health().state()).isEqualTo(WalHealth.State.FAILED);
        assertThat(first.activity().rejectedAppends()).containsEntry("failed", 1L).containsEntry("io", 0L);
        Throwable unused = catchThrowable(first::close);
        unused = catchThrowable(second::close);
    }

    /** Both give the same numbers to their packs. */
    @Test
    void pack_anotherWriterPacksMeanwhile_deletesNothingOfIts() {
        boolean isReached = true;
        for (int nth = 1; isReached; nth++) {
            SimulatedDisk one = new SimulatedDisk();
            Instant[] now = {NOW};
            WalOptions options = WalOptions.builder().clock(() -> now[0]).window(Duration.ofHours(1)).retention(Duration.ofDays(30)).ownSegments(0)
                    .sweepInterval(Duration.ZERO).durability(Durability.IMMEDIATE).build();
            StreamWal first = SimulatedLog.open(one.path("/log"), options, "boot", false, new Random(1)::nextLong);
            int records = 0;
            for (; records < 5; records++) {
                long unused = first.stream("s").append(new byte[100]).position();
                now[0] = now[0].plus(Duration.ofHours(1));
            }
            StreamWal[] second = {null};
            one.meanwhile(nth, () -> {
                second[0] = SimulatedLog.open(one.besidePath("/log"), options, "boot", false, new Random(2)::nextLong);
                int unused = second[0].pack();
            });
            Throwable unusedFailure = catchThrowable(first::pack);
            one.meanwhile(0, null);
            isReached = second[0] != null;
            unusedFailure = catchThrowable(first::close);
            if (isReached) {
                assertThat(records(second[0])).as("after call %s", nth).isEqualTo(records);
                second[0].close();
            }
        }
    }

    /** What may meet files of the other writer. */
    private enum Call {
        APPEND_SHARED {
            @Override
            void in(StreamWal first) {
                long unused = first.stream("shared").append(new byte[10]).position();
            }
        },
        APPEND_OWN {
            @Override
            void in(StreamWal first) {
                long unused = first.stream("s").append(new byte[10]).position();
            }
        },
        RECOVER {
            @Override
            void in(StreamWal first) {
                RecoveryReport unused = first.recoverAll(progress -> {});
            }
        },
        DELETE {
            @Override
            void in(StreamWal first) {
                boolean unused = first.delete("s");
            }
        },
        DELETE_SHARED {
            @Override
            void in(StreamWal first) {
                boolean unused = first.delete("shared");
            }
        },
        PURGE {
            @Override
            void in(StreamWal first) {
                SweepResult unused = first.purge(Keys.all(), NOW.plus(Duration.ofDays(2)));
            }
        };

        abstract void in(StreamWal first);
    }

    @ParameterizedTest
    @EnumSource
    void call_afterAnotherWriterHasOpenedTheLog_changesNoFile(Call call) {
        assertChangesNoFile(call, false);
    }

    @ParameterizedTest
    @EnumSource(names = {"DELETE", "DELETE_SHARED", "PURGE"})
    void call_afterAnotherWriterHasOpenedTheLogThatWasRecovered_changesNoFile(Call call) {
        assertChangesNoFile(call, true);
    }

    private void assertChangesNoFile(Call call, boolean isRecovered) {
        WalOptions options = WalOptions.builder().clock(() -> NOW).retention(Duration.ofDays(1)).sweepInterval(Duration.ZERO).ownSegments(1).segmentBytes(1 << 20)
                .durability(Durability.IMMEDIATE).build();
        StreamWal killed = SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong);
        appendToBoth(killed);
        disk.kill();
        Throwable unusedFailure = catchThrowable(killed::close);
        StreamWal first = SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(2)::nextLong);
        if (isRecovered) {
            RecoveryReport unused = first.recoverAll(progress -> {});
            // from now on a deletion in shared segments raises the log's start
            appendToBoth(first);
        }
        StreamWal second = SimulatedLog.open(disk.besidePath("/log"), options, "boot", true, new Random(3)::nextLong);
        appendToBoth(second);
        int before = disk.mark();
        assertThat(catchThrowable(() -> call.in(first))).isInstanceOf(WalLockedException.class);
        assertThat(disk.history().subList(before, disk.mark())).allMatch(operation -> operation.contains(" FORCE"));
        unusedFailure = catchThrowable(first::close);
        second.close();
    }

    @Test
    void read_afterAnotherWriterHasOpenedTheLog_findsWhatThatOneHasAppendedAndPacked() {
        Instant[] now = {NOW};
        WalOptions options = WalOptions.builder().clock(() -> now[0]).window(Duration.ofHours(1)).retention(Duration.ofDays(30)).ownSegments(0)
                .sweepInterval(Duration.ZERO).durability(Durability.IMMEDIATE).build();
        StreamWal first = SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong);
        append(first, 2);
        StreamWal second = SimulatedLog.open(disk.besidePath("/log"), options, "boot", false, new Random(2)::nextLong);
        append(second, 3);
        assertThat(catchThrowable(first::sweep)).isInstanceOf(WalLockedException.class);
        assertThat(records(first)).isEqualTo(5);
        now[0] = now[0].plus(Duration.ofHours(3));
        assertThat(second.pack()).isPositive();
        append(second, 1);
        assertThat(records(first)).isEqualTo(6);
        Throwable unused = catchThrowable(first::close);
        second.close();
    }

    /** Both have a segment that is appended to. */
    private static void appendToBoth(StreamWal wal) {
        long unused = wal.stream("s").append(new byte[300]).position();
        unused = wal.stream("shared").append(new byte[300]).position();
    }

    private static int records(StreamWal wal) {
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan("s")) {
            int found = 0;
            while (cursor.next()) {
                found++;
            }
            return found;
        }
    }
}
