package dev.streamwal.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryReport;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Backups and restores while the process is killed, the power lost or a call fails, at every operation. A point is whole or isn't there, and one that was
 * acknowledged stays; what the others leave is collected; a restored log is whole or isn't there.
 */
@Tag("portable")
class BackupCrashTest {

    private static final int MAX_ALONE = 12;
    private static final int MAX_LOST = 60;
    private static final int RANDOM = 4;
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final String FOLDER = "/backups/backup";

    private final AtomicLong nowMillis = new AtomicLong(Instant.parse("2026-03-01T12:00:00Z").toEpochMilli());

    /** Two states of a log, which stays open; the first is backed up. */
    private final class Prepared {

        final SimulatedDisk disk = new SimulatedDisk();
        final BackupFolder folder = folder(disk);
        final Map<String, List<String>> first;
        final Map<String, List<String>> second;
        final BackupPoint one;
        final StreamWal wal;

        Prepared() throws IOException {
            for (String name : List.of("/log", "/backups", "/restored")) {
                Path unused = Files.createDirectory(disk.path(name));
            }
            DirectoryForce.force(disk.path("/"));
            WalOptions options = WalOptions.builder().window(WINDOW).sweepInterval(Duration.ZERO).segmentBytes(16 << 10)
                    .clock(() -> Instant.ofEpochMilli(nowMillis.get())).build();
            wal = SimulatedLog.open(disk.path("/log"), options, "", false, new AtomicLong(1)::incrementAndGet);
            append(wal, 0);
            long unusedMillis = nowMillis.addAndGet(WINDOW.toMillis());
            append(wal, 1);
            first = records(disk.path("/log"));
            one = folder.backUp(disk.path("/log")).point();
            append(wal, 2);
            SimulatedLog.runBackground(wal);
            int unused = wal.pack();
            second = records(disk.path("/log"));
        }

        private void append(StreamWal wal, int number) {
            for (String key : List.of("a", "b", "c")) {
                EntryRef unused = wal.stream(key).append((key + number).getBytes(UTF_8));
            }
        }
    }

    private BackupFolder folder(SimulatedDisk disk) {
        return BackupFolder.at(disk.path(FOLDER), () -> Instant.ofEpochMilli(nowMillis.incrementAndGet()));
    }

    private static Map<String, List<String>> records(Path log) {
        Map<String, List<String>> records = new TreeMap<>();
        try (WalReader reader = WalReader.open(log)) {
            for (String key : reader.keys()) {
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        records.computeIfAbsent(key, any -> new ArrayList<>()).add(cursor.ref() + " " + cursor.timestampMillis());
                    }
                }
            }
        }
        return records;
    }

    /** Every point is whole; the first is there, the second perhaps; and the folder can be used again. */
    private void check(SimulatedDisk disk, Prepared before, boolean isAcknowledged, String when) {
        BackupFolder folder = folder(disk);
        List<BackupPoint> points = folder.points();
        assertThat(points).as(when).hasSizeBetween(isAcknowledged ? 2 : 1, 2).contains(before.one);
        assertThat(folder.verify()).as(when).isEmpty();
        folder.restore(before.one, disk.path("/restored/one"));
        assertThat(records(disk.path("/restored/one"))).as(when).isEqualTo(before.first);
        if (points.size() == 2) {
            folder.restore(points.get(0), disk.path("/restored/two"));
            assertThat(records(disk.path("/restored/two"))).as(when).isEqualTo(before.second);
        }
        int unused = folder.collect();
        assertThat(folder.verify()).as(when).isEmpty();
        BackupPoint next = folder.backUp(disk.path("/restored/one")).point();
        folder.restore(next, disk.path("/restored/again"));
        assertThat(records(disk.path("/restored/again"))).as(when).isEqualTo(before.first);
    }

    @Test
    void backUp_killedOrPowerLostAtEveryOperation_pointIsWholeOrNotThere() throws IOException {
        Prepared prepared = new Prepared();
        int begin = prepared.disk.operations();
        BackupPoint unused = prepared.folder.backUp(prepared.disk.path("/log")).point();
        int end = prepared.disk.operations();
        assertThat(end - begin).isGreaterThan(30);
        int withoutSecond = 0;
        int states = 0;
        for (int operation = begin; operation <= end; operation++) {
            CrashPoint point = prepared.disk.crashPoint(operation);
            SimulatedDisk killed = point.state(point.allKept());
            withoutSecond += folder(killed).points().size() == 1 ? 1 : 0;
            check(killed, prepared, operation == end, "killed after operation " + operation);
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                check(point.state(survival), prepared, operation == end, "power lost after operation " + operation + ", left: " + survival + " "
                        + point.describe(survival));
                states++;
            }
        }
        assertThat(withoutSecond).isGreaterThan(20).isLessThan(end - begin + 1);
        assertThat(states).isGreaterThan(100);
    }

    @ParameterizedTest
    @EnumSource(FaultPlan.Failure.class)
    void backUp_everyCallFailsOnce_throwsOrIsWhole(FaultPlan.Failure failure) throws IOException {
        int thrown = 0;
        Prepared prepared = new Prepared();
        CrashPoint begin = prepared.disk.crashPoint(prepared.disk.operations());
        for (int nth = 1; ; nth++) {
            SimulatedDisk disk = begin.state(begin.allKept());
            disk.failing(FaultPlan.nthOfAll(nth, failure));
            boolean isAcknowledged = true;
            try {
                BackupPoint unused = folder(disk).backUp(disk.path("/log")).point();
            } catch (WalException e) {
                isAcknowledged = false;
                thrown++;
            }
            boolean hasFailed = !disk.failures().isEmpty();
            disk.failing(FaultPlan.NONE);
            check(disk, prepared, isAcknowledged, "call " + nth);
            if (!hasFailed) {
                break;
            }
        }
        assertThat(thrown).isGreaterThan(20);
    }

    /** A footer isn't forced: the power loss may take it, and leave a later one. Recovery looks at no segment before that. */
    @Test
    void backUp_powerLossTookFooters_isMadeOnceTheLogIsRecovered() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        Files.createDirectory(disk.path("/backups"));
        DirectoryForce.force(disk.path("/"));
        StreamWal wal = open(disk.path("/log"), 1);
        for (int window = 0; window < 4; window++) {
            EntryRef unused = wal.stream("a").append(WriteEntry.of(("a" + window).getBytes(UTF_8)), Durability.IMMEDIATE);
            SimulatedLog.runBackground(wal);
            long unusedMillis = nowMillis.addAndGet(WINDOW.toMillis());
        }
        Map<String, List<String>> appended = records(disk.path("/log"));
        CrashPoint point = disk.crashPoint(disk.mark());
        for (Survival survival : point.survivals(MAX_LOST, RANDOM, 1)) {
            SimulatedDisk left = point.state(survival);
            try (StreamWal recovered = open(left.path("/log"), 2)) {
                RecoveryReport unused = recovered.recoverAll(progress -> { });
                folder(left).restore(folder(left).backUp(left.path("/log")).point(), left.path("/restored"));
            }
            assertThat(records(left.path("/restored"))).as("left: %s", survival).isEqualTo(appended);
        }
        wal.close();
    }

    /** By the writer, and by another process; with own segments, shared ones, packs, and a consumer. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void checkpoint_powerLostBehindIt_isWhole(boolean byWriter) throws IOException {
        Prepared prepared = new Prepared();
        SimulatedDisk disk = prepared.disk;
        Path target = disk.path("/checkpoints/first/log");
        try (WalReader reader = WalReader.open(disk.path("/log")); WalConsumer consumer = reader.consumer("shipper", Keys.all())) {
            assertThat(consumer.committed("a")).isPresent();
            if (byWriter) {
                prepared.wal.checkpoint(target);
            } else {
                reader.checkpoint(target);
            }
        }
        CrashPoint point = disk.crashPoint(disk.mark());
        for (Survival survival : point.survivals(MAX_LOST, RANDOM, 1)) {
            Path copy = point.state(survival).path(target.toString());
            assertThat(records(copy)).as(() -> "left: " + survival + " " + point.describe(survival)).isEqualTo(prepared.second);
            try (StreamWal opened = open(copy, 2); WalReader reader = opened.reader()) {
                assertThat(reader.consumers()).contains("shipper");
                EntryRef unused = opened.stream("a").append("more".getBytes(UTF_8));
            }
        }
        prepared.wal.close();
    }

    private StreamWal open(Path log, long salt) {
        WalOptions options = WalOptions.builder().window(WINDOW).sweepInterval(Duration.ZERO).clock(() -> Instant.ofEpochMilli(nowMillis.get())).build();
        return SimulatedLog.open(log, options, "", false, new Random(salt)::nextLong);
    }

    @Test
    void restore_killedOrPowerLostAtEveryOperation_logIsWholeOrNone() throws IOException {
        Prepared prepared = new Prepared();
        int begin = prepared.disk.operations();
        prepared.folder.restore(prepared.one, prepared.disk.path("/restored/log"));
        int end = prepared.disk.operations();
        int none = 0;
        for (int operation = begin; operation <= end; operation++) {
            CrashPoint point = prepared.disk.crashPoint(operation);
            List<Survival> survivals = new ArrayList<>(point.survivals(MAX_ALONE, RANDOM, operation));
            survivals.add(point.allKept());
            for (Survival survival : survivals) {
                SimulatedDisk left = point.state(survival);
                Path log = left.path("/restored/log");
                String when = "after operation " + operation + ", left: " + survival + " " + point.describe(survival);
                if (Files.exists(log)) {
                    assertThat(records(log)).as(when).isEqualTo(prepared.first);
                } else {
                    assertThat(operation).as(when).isLessThan(end);
                    none++;
                    folder(left).restore(prepared.one, log);
                    assertThat(records(log)).as(when).isEqualTo(prepared.first);
                }
            }
        }
        assertThat(none).isGreaterThan(30);
    }

    @ParameterizedTest
    @EnumSource(FaultPlan.Failure.class)
    void restore_everyCallFailsOnce_throwsOrIsWhole(FaultPlan.Failure failure) throws IOException {
        int thrown = 0;
        Prepared prepared = new Prepared();
        CrashPoint begin = prepared.disk.crashPoint(prepared.disk.operations());
        for (int nth = 1; ; nth++) {
            SimulatedDisk disk = begin.state(begin.allKept());
            BackupFolder folder = folder(disk);
            Path log = disk.path("/restored/log");
            disk.failing(FaultPlan.nthOfAll(nth, failure));
            try {
                folder.restore(prepared.one, log);
            } catch (WalException e) {
                thrown++;
            }
            boolean hasFailed = !disk.failures().isEmpty();
            disk.failing(FaultPlan.NONE);
            if (!Files.exists(log)) {
                folder.restore(prepared.one, log);
            }
            assertThat(records(log)).as("call %s", nth).isEqualTo(prepared.first);
            if (!hasFailed) {
                break;
            }
        }
        assertThat(thrown).isGreaterThan(20);
    }
}
