package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A log whose folder gets another name, and a new log, on a disk that loses its power, under processes that are killed, and with calls that fail. */
@Tag("portable")
class FolderUpgradeTest {

    private static final String KEY = "k";
    private static final int RECORDS = 3;
    private static final JournalSizes SMALL_JOURNAL = new JournalSizes(16 << 10, 16 << 10, 64 << 10, 8 << 10, 4 << 10);
    private static final int MAX_ALONE = 4;
    private static final int RANDOM = 2;

    private final List<String> failures = new ArrayList<>();
    private int openings;

    private StreamWal open(SimulatedDisk disk) {
        WalOptions options = WalOptions.builder().clock(() -> Instant.parse("2026-03-01T12:00:00Z")).window(Duration.ofMinutes(10))
                .retention(Duration.ofDays(1)).segmentBytes(64 << 10).maxRecordBytes(1_000).sweepInterval(Duration.ZERO)
                .listener(new WalListener() {
                    @Override
                    public void onFailure(String task, Optional<String> stream, Throwable failure) {
                        failures.add(task);
                    }
                }).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot " + ++openings, false, new Random(openings)::nextLong, SMALL_JOURNAL);
    }

    private static void append(StreamWal wal, int length) {
        EntryRef unused = wal.stream(KEY).append(WriteEntry.of(new byte[length]), Durability.IMMEDIATE);
    }

    private static List<Integer> lengths(WalReader reader) {
        List<Integer> lengths = new ArrayList<>();
        try (reader; EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                lengths.add(cursor.content().readableBytes());
            }
        }
        return lengths;
    }

    /** As an old version has left a log: all of it is durable. */
    private SimulatedDisk oldLog() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        try (StreamWal wal = open(disk)) {
            for (int i = 1; i <= RECORDS; i++) {
                append(wal, i);
            }
        }
        Files.delete(disk.path("/log/streams"));
        Path unused = Files.move(disk.path("/log/segments"), disk.path("/log/streams"));
        return PowerLoss.losingNothing(disk);
    }

    private static boolean isAnything(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> present = Files.list(directory)) {
            return present.findAny().isPresent();
        }
    }

    /** What {@code streams} is; fails where something is in both folders. */
    private static String found(SimulatedDisk disk, String when) throws IOException {
        Path earlier = disk.path("/log/streams");
        Path folder = disk.path("/log/segments");
        assertThat(isAnything(earlier) && isAnything(folder)).as(when).isFalse();
        if (Files.isDirectory(earlier)) {
            assertThat(isAnything(earlier)).as(when).isTrue();
            return "folder";
        }
        assertThat(isAnything(folder)).as(when).isTrue();
        return Files.exists(earlier) ? "file" : "nothing";
    }

    /** It goes on, however it was left. */
    private void assertGoesOn(SimulatedDisk disk, String when) {
        List<Integer> all = new ArrayList<>(List.of(1, 2, 3));
        assertThat(lengths(WalReader.open(disk.path("/log")))).as(when).isEqualTo(all);
        try (StreamWal wal = open(disk)) {
            append(wal, 9);
            all.add(9);
            assertThat(lengths(wal.reader())).as(when).isEqualTo(all);
        }
        SimulatedDisk left = PowerLoss.losingAll(disk);
        assertThat(Files.isDirectory(left.path("/log/segments"))).as(when).isTrue();
        assertThat(Files.isRegularFile(left.path("/log/streams"))).as(when).isTrue();
        try (StreamWal wal = open(left)) {
            assertThat(lengths(wal.reader())).as(when).isEqualTo(all);
        }
        assertThat(left.content().get("/log/streams")).as(when).isNotEmpty();
    }

    /** @param before the last operation before the log was opened, which {@code opened} is the last one of */
    private Set<String> assertGoesOnAfterEach(SimulatedDisk disk, int before, int opened, String how) throws IOException {
        Set<String> seen = new HashSet<>();
        for (int operation = before; operation <= opened; operation++) {
            CrashPoint point = disk.crashPoint(operation);
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                String when = how + ", power lost after operation " + operation + ", left: " + survival + " " + point.describe(survival);
                SimulatedDisk left = point.state(survival);
                String found = found(left, when);
                seen.add(found);
                if (operation == opened) {
                    assertThat(found).as(when).isEqualTo("file");
                }
                assertGoesOn(left, when);
            }
        }
        return seen;
    }

    @Test
    void open_oldLog_powerLostAtEveryOperation_goesOn() throws IOException {
        SimulatedDisk disk = oldLog();
        int before = disk.operations();
        StreamWal wal = open(disk);
        int opened = disk.operations();
        wal.close();
        assertThat(assertGoesOnAfterEach(disk, before, opened, "")).containsExactlyInAnyOrder("folder", "nothing", "file");
    }

    @Test
    void open_oldLog_killedAtEveryCallAndPowerLostAtEveryOperationOfTheNext_goesOn() throws IOException {
        Set<String> seen = new HashSet<>();
        boolean isUpgraded = false;
        for (int call = 1; !isUpgraded; call++) {
            SimulatedDisk disk = oldLog();
            disk.failing(new FaultPlan(0, EnumSet.complementOf(EnumSet.of(Call.STORE)), "", call, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
            assertThatThrownBy(() -> open(disk)).isInstanceOf(WalException.class);
            disk.failing(FaultPlan.NONE);
            disk.kill();
            String how = "killed at call " + call;
            seen.add(found(disk, how));
            isUpgraded = disk.content().getOrDefault("/log/streams", new byte[0]).length > 0;
            int before = disk.operations();
            StreamWal wal = open(disk);
            int opened = disk.operations();
            wal.close();
            Set<String> unused = assertGoesOnAfterEach(disk, before, opened, how);
        }
        assertThat(seen).containsExactlyInAnyOrder("folder", "nothing", "file");
    }

    /** An old version takes a log for an empty one that has no file in the folder's place. */
    @Test
    void open_newLog_powerLostAtEveryOperation_nothingIsInAFolderWithoutTheFile() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        try (StreamWal wal = open(disk)) {
            append(wal, 1);
        }
        int last = disk.operations();
        for (int operation = 0; operation <= last; operation++) {
            CrashPoint point = disk.crashPoint(operation);
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                String when = "power lost after operation " + operation + ", left: " + survival + " " + point.describe(survival);
                SimulatedDisk left = point.state(survival);
                if (isAnything(left.path("/log/segments"))) {
                    assertThat(Files.isRegularFile(left.path("/log/streams"))).as(when).isTrue();
                }
                try (StreamWal wal = open(left)) {
                    append(wal, 2);
                    assertThat(lengths(wal.reader())).as(when).endsWith(2);
                }
                assertThat(left.content().get("/log/streams")).as(when).isNotEmpty();
            }
        }
    }

    /** As of a folder that a file system is mounted at. */
    @Test
    void open_folderCantBeRenamed_staysInUseAndIsRenamedLater() throws IOException {
        SimulatedDisk disk = oldLog();
        disk.failing(FaultPlan.nthOf(Call.RENAME, "/log/streams$", 1, FaultPlan.Failure.IO_ERROR));
        try (StreamWal wal = open(disk)) {
            append(wal, 9);
            assertThat(lengths(wal.reader())).containsExactly(1, 2, 3, 9);
            assertThat(lengths(WalReader.open(disk.path("/log")))).containsExactly(1, 2, 3, 9);
        }
        assertThat(failures).containsExactly("rename the folder streams");
        assertThat(found(disk, "not renamed")).isEqualTo("folder");
        disk.failing(FaultPlan.NONE);
        try (StreamWal wal = open(disk)) {
            append(wal, 10);
            assertThat(lengths(wal.reader())).containsExactly(1, 2, 3, 9, 10);
        }
        assertThat(failures).hasSize(1);
        assertThat(found(disk, "renamed")).isEqualTo("file");
    }

    @Test
    void open_oldLog_everyCallFailsOnce_saysSoOrGoesOn() throws IOException {
        boolean failed = true;
        for (int call = 1; failed; call++) {
            SimulatedDisk disk = oldLog();
            disk.failing(FaultPlan.nthOfAll(call, FaultPlan.Failure.DISK_FULL));
            try (StreamWal wal = open(disk)) {
                assertThat(lengths(wal.reader())).containsExactly(1, 2, 3);
            } catch (WalException e) {
                assertThat(disk.failures()).as(String.valueOf(e)).isNotEmpty();
            }
            failed = !disk.failures().isEmpty();
            disk.failing(FaultPlan.NONE);
            assertGoesOn(disk, "call " + call);
        }
    }
}
