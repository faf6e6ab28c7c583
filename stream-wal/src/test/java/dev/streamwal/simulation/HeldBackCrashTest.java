package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.ManualClock;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.consumer.Committed;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.CursorReader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The power is lost during a sweep that deletes what a commit has given free: then that commit is there afterwards. */
class HeldBackCrashTest {

    private static final String KEY = "s";
    private static final String NAME = "shipper";
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final int WINDOWS = 3;
    private static final int MAX_ALONE = 100;
    private static final int RANDOM = 30;

    private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z").toEpochMilli());
    private final SimulatedDisk disk = new SimulatedDisk();
    /** Of each segment: its name, and where its last record ends. */
    private final List<String> segments = new ArrayList<>();
    private final List<Long> ends = new ArrayList<>();

    private StreamWal open() throws Exception {
        Path root = Files.createDirectory(disk.path("/log"));
        DirectoryForce.force(disk.path("/"));
        WalOptions options = WalOptions.builder().clock(clock).window(WINDOW).retention(WINDOW).sweepInterval(Duration.ZERO)
                .durability(Durability.IMMEDIATE)
                .streams("*", StreamOptions.builder().retainFor(NAME, 1L << 40, Duration.ofDays(1)).build()).build();
        StreamWal wal = SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
        for (int window = 0; window < WINDOWS; window++) {
            ends.add(wal.stream(KEY).append(new byte[100]).end());
            clock.advance(WINDOW);
        }
        SimulatedLog.runBackground(wal);
        segments.addAll(listed(disk));
        clock.advance(Duration.ofHours(1));
        return wal;
    }

    private static List<String> listed(SimulatedDisk disk) throws Exception {
        Path directory = disk.path("/log/segments/" + KEY);
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> SegmentName.parse(name).isPresent()).sorted().toList();
        }
    }

    @Test
    void sweep_powerLostAtEveryOperation_theCommitItActsOnIsThere() throws Exception {
        try (StreamWal wal = open(); WalConsumer consumer = wal.reader().consumer(NAME, Keys.key(KEY))) {
            for (int committed = 0; committed < WINDOWS; committed++) {
                consumer.commit(KEY, ends.get(committed));
                int before = disk.operations();
                assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
                assertThat(checkSince(before)).isPositive();
            }
        }
    }

    @Test
    void sweep_lookingAtCursorsFailsOnce_laterOnesForceWhatTheyActOn() throws Exception {
        int nth = 1;
        while (true) {
            HeldBackCrashTest run = new HeldBackCrashTest();
            if (!run.failsOnce(nth)) {
                break;
            }
            nth++;
        }
        assertThat(nth).as("calls that failed").isGreaterThan(5);
    }

    /** @return whether there was an n-th call */
    private boolean failsOnce(int nth) throws Exception {
        try (StreamWal wal = open(); WalConsumer consumer = wal.reader().consumer(NAME, Keys.key(KEY))) {
            consumer.commit(KEY, ends.get(1));
            disk.failing(new FaultPlan(0, EnumSet.complementOf(EnumSet.of(Call.STORE)), "cursors", nth, 1,
                    FaultPlan.Failure.IO_ERROR));
            int before = disk.operations();
            boolean hasFailed = wal.sweep().deletedSegments() == 0;
            assertThat(disk.failures().isEmpty()).as("what can't be read holds").isEqualTo(!hasFailed);
            boolean isLost = hasFailed && disk.failures().get(0).contains(" " + Call.FORCE + " ");
            assertThat(wal.sweep().deletedSegments()).isEqualTo(!hasFailed || isLost ? 0 : 2);
            assertThat(checkSince(before)).satisfies(deleted -> assertThat(deleted > 0).isEqualTo(!isLost));
            return hasFailed;
        }
    }

    /** @return states with something deleted */
    private int checkSince(int operation) throws Exception {
        int deleted = 0;
        for (int at = operation; at <= disk.operations(); at++) {
            CrashPoint point = disk.crashPoint(at);
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, at)) {
                SimulatedDisk left = point.state(survival);
                List<String> there = listed(left);
                CursorReader cursor = new CursorReader(CursorFiles.cursor(left.path("/log"), CursorFiles.name(NAME)));
                boolean unused = cursor.refresh();
                Committed committed = cursor.commits().get(KEY);
                for (int i = 0; i < segments.size(); i++) {
                    if (!there.contains(segments.get(i))) {
                        deleted++;
                        assertThat(committed).as(() -> "left: " + point.describe(survival)).isNotNull();
                        assertThat(committed.position()).as(() -> "left: " + point.describe(survival)).isGreaterThanOrEqualTo(ends.get(i));
                    }
                }
            }
        }
        return deleted;
    }
}
