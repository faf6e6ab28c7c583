package dev.streamwal.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.streamwal.Durability;
import dev.streamwal.MasterKeysForTests;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.WrappedKey;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.WalException;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Keys are made and rotated, and power is lost, or a call fails, at every operation meanwhile. */
class KeysFileCrashTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final int MAX_ALONE = 1;
    private static final int RANDOM = 1;

    /** While it is rotated, and as long as that hasn't returned, the program has both. */
    private static final MasterKeys OLD = MasterKeysForTests.ring("old");
    private static final MasterKeys BOTH = MasterKeysForTests.ring("new", "old");
    private static final MasterKeys NEW = MasterKeysForTests.ring("new");

    private static StreamWal open(SimulatedDisk disk, @Nullable MasterKeys keys) {
        WalOptions.Builder builder = WalOptions.builder().clock(() -> NOW).segmentBytes(8 << 10).sweepInterval(Duration.ZERO);
        WalOptions options = (keys == null ? builder : builder.encryption(keys)).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong, new JournalSizes(4_096, 16_384, 32_768, 2_048, 1_024));
    }

    private static void append(StreamWal wal, String content) {
        long unused = wal.stream("a").append(WriteEntry.of(content.getBytes(UTF_8)), Durability.IMMEDIATE).position();
    }

    private static List<String> read(StreamWal wal) {
        List<String> found = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan("a")) {
            while (cursor.next()) {
                found.add(cursor.content().toString(UTF_8));
            }
        }
        return found;
    }

    private static Set<String> masters(Path root) throws IOException {
        return KeysFile.read(root).stream().map(WrappedKey::masterId).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Of the history of a log: an append that makes a key, a rotation, and an append under the next key. */
    private static final class History {
        final SimulatedDisk disk = new SimulatedDisk();
        final int appended;
        final int rotated;
        final int end;

        History() {
            StreamWal wal = open(disk, OLD);
            append(wal, "1");
            appended = disk.mark();
            wal.close();
            StreamWal again = open(disk, BOTH);
            append(again, "2");
            again.rotateKeys();
            rotated = disk.mark();
            append(again, "3");
            end = disk.mark();
            again.close();
        }
    }

    @Test
    void rotate_powerLostAtEveryOperation_leavesAllThatWasAcknowledgedReadable() throws IOException {
        History history = new History();
        Set<String> seen = new TreeSet<>();
        for (int operation = 0; operation <= history.end; operation++) {
            CrashPoint point = history.disk.crashPoint(operation);
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                String when = "power lost after operation " + operation + ", left: " + survival;
                SimulatedDisk left = point.state(survival);
                try (StreamWal wal = open(left, operation >= history.rotated ? NEW : BOTH)) {
                    List<String> found = read(wal);
                    assertThat(found).as(when).isEqualTo(List.of("1", "2", "3").subList(0, found.size()));
                    assertThat(found.size()).as(when).isGreaterThanOrEqualTo(operation >= history.end ? 3 : operation >= history.rotated ? 2
                            : operation >= history.appended ? 1 : 0);
                    seen.add(masters(left.path("/log")).toString());
                    append(wal, "4");
                    wal.rotateKeys();
                    assertThat(masters(left.path("/log"))).as(when).containsExactly("new");
                }
                try (StreamWal wal = open(left, NEW)) {
                    assertThat(read(wal)).as(when).endsWith("4");
                }
            }
        }
        assertThat(seen).contains("[]", "[old]", "[new]");
    }

    /** Killed, so that all that was written is there, or with all lost that wasn't durable; then brought in order by a process that has no keys. */
    @Test
    void rotate_cutShortAtEveryOperation_missingAndWrongKeysAreNeverDamageAndChangeNothing() throws IOException {
        History history = new History();
        MasterKeys wrong = MasterKeys.ring("new", Map.of("new", new byte[32], "old", new byte[32]));
        Map<String, Set<String>> answers = new TreeMap<>();
        for (int operation = history.appended; operation <= history.end; operation++) {
            CrashPoint point = history.disk.crashPoint(operation);
            for (Survival survival : List.of(point.allKept(), point.allLost())) {
                String when = "cut short after operation " + operation + ", left: " + survival;
                SimulatedDisk left = point.state(survival);
                Path root = left.path("/log");
                List<WrappedKey> before = KeysFile.read(root);
                open(left, null).close();
                answers.computeIfAbsent("none", any -> new TreeSet<>()).add(answer(root, null, when));
                answers.computeIfAbsent("old", any -> new TreeSet<>()).add(answer(root, OLD, when));
                answers.computeIfAbsent("new", any -> new TreeSet<>()).add(answer(root, NEW, when));
                answers.computeIfAbsent("wrong", any -> new TreeSet<>()).add(answer(root, wrong, when));
                assertThat(answer(root, operation >= history.rotated ? NEW : BOTH, when)).as(when).isEqualTo("all");
                assertThat(KeysFile.read(root)).extracting(WrappedKey::id, WrappedKey::masterId).as(when)
                        .isEqualTo(before.stream().map(key -> tuple(key.id(), key.masterId())).toList());
            }
        }
        assertThat(answers).containsEntry("none", Set.of("new", "old")).containsEntry("wrong", Set.of("new", "old"))
                .containsEntry("old", Set.of("all", "new")).containsEntry("new", Set.of("all", "old"));
    }

    /** The id of the master key that is missing, or wrong, for one of the records; else "all". */
    private static String answer(Path root, @Nullable MasterKeys keys, String when) {
        ReaderOptions.Builder options = ReaderOptions.builder();
        try (WalReader reader = WalReader.open(root, (keys == null ? options : options.keys(keys)).build()); EntryCursor cursor = reader.scan("a")) {
            int records = 0;
            for (; cursor.next(); records++) {
                assertThat(cursor.content().toString(UTF_8)).as(when).isEqualTo("" + (records + 1));
            }
            assertThat(records).as(when).isPositive();
            return "all";
        } catch (KeyUnavailableException e) {
            return e.keyId();
        }
    }

    @Test
    void rotate_everyCallFailsOnce_throwsAndLosesNothing() throws IOException {
        int nth = 0;
        boolean isReached;
        do {
            SimulatedDisk disk = new SimulatedDisk();
            try (StreamWal wal = open(disk, OLD)) {
                append(wal, "1");
            }
            try (StreamWal wal = open(disk, BOTH)) {
                append(wal, "2");
                disk.failing(FaultPlan.nthOfAll(++nth, FaultPlan.Failure.IO_ERROR));
                try {
                    wal.rotateKeys();
                } catch (WalException e) {
                    // some calls may fail without that
                }
                isReached = !disk.failures().isEmpty();
                disk.failing(FaultPlan.NONE);
                assertThat(read(wal)).containsExactly("1", "2");
                append(wal, "3");
                wal.rotateKeys();
            }
            try (StreamWal wal = open(disk, NEW)) {
                assertThat(read(wal)).containsExactly("1", "2", "3");
            }
        } while (isReached);
        assertThat(nth).as("calls that failed, and one").isGreaterThan(5);
    }
}
