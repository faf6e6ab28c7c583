package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import dev.streamwal.backup.BackupReport;
import dev.streamwal.backup.SegmentDescriptor;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * While another process backs a log up, its writer goes on between two of the backup's calls to the disk: it packs what was in segments, and appends. A
 * point has each record that was there before. Then files of the folder are collected between two calls of a backup, and the other way round, on another
 * machine that doesn't see the locks: each point is whole. One thread, on a simulated disk: many pairs of calls are tried.
 */
class BackupMeanwhileTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final List<String> KEYS = List.of("a", "b", "c");
    private static final int WINDOWS = 3;
    private static final int MAX_CALLS = 1_000;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    @ParameterizedTest
    @EnumSource(Segments.class)
    void backUp_theWriterPacksMeanwhile_hasEveryRecordThatWasThere(Segments segments) {
        int calls = 1;
        while (calls < MAX_CALLS && hasEveryRecord(segments, calls)) {
            calls++;
        }
        assertThat(calls).as("calls of a backup, those that look at the log and those that copy it").isBetween(80, MAX_CALLS - 1);
    }

    private boolean hasEveryRecord(Segments segments, int call) {
        SimulatedDisk disk = new SimulatedDisk();
        Path beside = disk.besidePath("/log");
        boolean[] happened = {false};
        List<String> before = new ArrayList<>();
        try (StreamWal wal = open(disk, segments)) {
            for (int window = 0; window < WINDOWS; window++) {
                for (String key : KEYS) {
                    before.add(wal.stream(key).append(new byte[20]).toString());
                }
                now = now.plus(WINDOW);
                if (window == 0) {
                    pack(wal);
                }
            }
            disk.meanwhile(call, () -> {
                happened[0] = true;
                pack(wal);
                KEYS.forEach(key -> wal.stream(key).append(new byte[20]));
                SimulatedLog.runBackground(wal);
            });
            BackupFolder folder = BackupFolder.at(beside.resolveSibling("backup"), () -> now);
            BackupReport report = folder.backUp(beside);
            disk.meanwhile(0, null);
            long contents = folder.files(report.point()).stream().map(SegmentDescriptor::checksum).distinct().count();
            assertThat((long) report.copiedFiles()).as("copied into a new folder, also by an attempt that had to be repeated: before call %d", call)
                    .isEqualTo(contents);
            Path restored = beside.resolveSibling("restored");
            folder.restore(report.point(), restored);
            assertThat(records(restored)).as("segments=%s, before call %d", segments, call).containsAll(before);
        }
        return happened[0];
    }

    /** Two backups of a log; the second is removed, and another one needs its files again. */
    private final class Folders {

        final SimulatedDisk disk = new SimulatedDisk();
        final Path log = disk.path("/log");
        final BackupFolder one = BackupFolder.at(disk.path("/backup"), () -> now);
        final BackupFolder other = BackupFolder.at(disk.besidePath("/backup"), () -> now);
        final BackupPoint kept;

        Folders() {
            try (StreamWal wal = open(disk, Segments.OWN)) {
                append(wal);
                kept = one.backUp(log).point();
                append(wal);
                assertThat(one.remove(one.backUp(log).point())).isTrue();
            }
        }

        private void append(StreamWal wal) {
            KEYS.forEach(key -> wal.stream(key).append(new byte[20]));
            now = now.plus(WINDOW);
            SimulatedLog.runBackground(wal);
        }

        void check(String when) {
            assertThat(one.verify()).as(when).isEmpty();
            assertThat(one.points()).as(when).contains(kept);
        }
    }

    @Test
    void backUp_filesAreCollectedMeanwhileByAMachineThatSeesNoLocks_leavesNoPointOrAWholeOne() {
        int failed = 0;
        int call = 1;
        for (boolean happens = true; happens; call++) {
            Folders folders = new Folders();
            boolean[] happened = {false};
            folders.disk.meanwhile(call, () -> {
                happened[0] = true;
                int unused = folders.other.collect();
            });
            try {
                BackupPoint made = folders.one.backUp(folders.log).point();
                assertThat(folders.one.points()).contains(made);
            } catch (WalException e) {
                // or it misses the file that it just wrote
                failed += e.getMessage().contains("another process has removed this backup's mark") ? 1 : 0;
                assertThat(folders.one.points()).containsExactly(folders.kept);
            }
            folders.disk.meanwhile(0, null);
            folders.check("collected before call " + call);
            folders.one.backUp(folders.log);
            int unused = folders.one.collect();
            folders.check("collected before call " + call + ", and again");
            happens = happened[0];
        }
        assertThat(failed).isBetween(20, call - 3);
    }

    @Test
    void collect_aBackupIsMadeMeanwhileByAMachineThatSeesNoLocks_takesNothingOfIt() {
        int stopped = 0;
        int call = 1;
        for (boolean happens = true; happens; call++) {
            Folders folders = new Folders();
            boolean[] happened = {false};
            folders.disk.meanwhile(call, () -> {
                happened[0] = true;
                folders.other.backUp(folders.log);
            });
            try {
                int unused = folders.one.collect();
            } catch (WalException e) {
                assertThat(e).hasMessageContaining("a backup has begun while files of backups were collected");
                stopped++;
            }
            folders.disk.meanwhile(0, null);
            folders.check("backed up before call " + call);
            assertThat(folders.one.points()).hasSize(happened[0] ? 2 : 1);
            int unused = folders.one.collect();
            folders.check("backed up before call " + call + ", and collected");
            happens = happened[0];
        }
        assertThat(stopped).isPositive();
    }

    @Test
    void collect_anotherCollectsMeanwhile_bothRemoveWhatNoPointNames() {
        int call = 1;
        for (boolean happens = true; happens; call++) {
            Folders folders = new Folders();
            boolean[] happened = {false};
            folders.disk.meanwhile(call, () -> {
                happened[0] = true;
                int unused = folders.other.collect();
                folders.other.remove(folders.other.points().get(0));
            });
            int unused = folders.one.collect();
            folders.disk.meanwhile(0, null);
            assertThat(folders.one.points()).hasSize(happened[0] ? 0 : 1);
            assertThat(folders.one.verify()).as("before call " + call).isEmpty();
            happens = happened[0];
        }
        assertThat(call).isGreaterThan(10);
    }

    private StreamWal open(SimulatedDisk disk, Segments segments) {
        WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(64 << 10).maxRecordBytes(1_000)
                .streams("*", StreamOptions.builder().segments(segments).build()).ownSegments(1).sweepInterval(Duration.ZERO)
                .durability(Durability.BUFFERED).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong);
    }

    private static void pack(StreamWal wal) {
        SimulatedLog.runBackground(wal);
        int unused = wal.pack();
    }

    private static List<String> records(Path log) {
        List<String> records = new ArrayList<>();
        try (WalReader reader = WalReader.open(log)) {
            for (String key : KEYS) {
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        records.add(cursor.ref().toString());
                    }
                }
            }
        }
        return records;
    }
}
