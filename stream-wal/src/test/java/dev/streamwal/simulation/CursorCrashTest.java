package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.consumer.Committed;
import dev.streamwal.consumer.ConsumedStreams;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.CursorReader;
import dev.streamwal.consumer.CursorSettings;
import dev.streamwal.consumer.CursorWriter;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A consumer's commits while the process is killed, the power lost or a call fails, at every operation of a commit and of a compaction. */
class CursorCrashTest {

    private static final Map<String, Long> BEGINNING = Map.of("a", 0L, "b", 64L);
    private static final Map<String, Long> NOTHING = Map.of();
    private static final int MAX_ALONE = 100;
    private static final int RANDOM = 30;

    private static final StreamKey NAME = StreamKey.of("c");
    /** The header, and some four entries. */
    private static final long COMPACTED_ABOVE = 180;
    /** All that it commits. */
    private static final int MAX_GONE_KEYS = 100;

    /** @param salt of the first file; each later one has the next */
    private static CursorWriter open(Path root, long salt) throws IOException, ProcessLock.HeldException {
        CursorSettings settings = new CursorSettings(new AtomicLong(salt)::incrementAndGet, InstantSource.system(), COMPACTED_ABOVE,
                MAX_GONE_KEYS);
        return CursorWriter.open(root, NAME, KeyScope.prefix(""), settings, new ConsumedStreams() {

            @Override
            public long start() {
                return 0;
            }

            @Override
            public Set<String> keys() {
                return BEGINNING.keySet();
            }

            @Override
            public Set<String> gone(Collection<String> keys) {
                return keys.stream().filter(key -> !BEGINNING.containsKey(key)).collect(Collectors.toSet());
            }

            @Override
            public Map<String, Long> begin(Collection<String> keys, long start) {
                Map<String, Long> beginnings = new HashMap<>(BEGINNING);
                beginnings.keySet().retainAll(keys);
                return beginnings;
            }
        });
    }

    private static CursorReader reader(Path root) {
        return new CursorReader(CursorFiles.cursor(root, NAME));
    }

    private static Map<String, Long> positions(Map<String, Committed> commits) {
        Map<String, Long> positions = new TreeMap<>();
        commits.forEach((key, committed) -> positions.put(key, committed.position()));
        return positions;
    }

    private record Commit(String key, long position) {

        CursorEntry entry() {
            return new CursorEntry(StreamKey.of(key), position, position);
        }
    }

    /** Forwards in turn, new keys, now and then back; enough of them for three new files. */
    private static List<Commit> commits() {
        List<Commit> commits = new ArrayList<>();
        for (int i = 1; i <= 36; i++) {
            commits.add(new Commit(i % 3 == 0 ? "b" : "a", 100L * i));
            if (i % 5 == 0) {
                commits.add(new Commit("a", i * 8L));
            }
            if (i == 6) {
                commits.add(new Commit("a long key that comes later", 8));
            }
        }
        return commits;
    }

    /** What was done to a disk: what is said after each commit, with the operation that was its last. */
    private static final class History {

        final SimulatedDisk disk = new SimulatedDisk();
        final List<Map<String, Long>> states = new ArrayList<>(List.of(NOTHING));
        final List<Integer> lastOperations = new ArrayList<>(List.of(0));
        /** Index of the state below which none may come back after a power loss, for each state. */
        final List<Integer> durable = new ArrayList<>(List.of(0));
        int newFiles;

        History() throws IOException, ProcessLock.HeldException {
            Path root = Files.createDirectory(disk.path("/log"));
            Files.createDirectory(disk.path("/log/cursors"));
            forceNames(disk);
            CursorReader beside = reader(root);
            try (CursorWriter cursor = open(root, 1)) {
                Map<String, Long> state = new TreeMap<>(BEGINNING);
                add(state, true);
                for (Commit commit : commits()) {
                    cursor.commit(List.of(commit.entry()));
                    Long before = state.put(commit.key(), commit.position());
                    add(state, before != null && commit.position() < before);
                    beside.refresh();
                    assertThat(positions(beside.commits())).as("read on by somebody else").isEqualTo(state);
                }
                assertThat(positions(cursor.commits())).isEqualTo(state);
            }
            newFiles = (int) disk.history().stream().filter(line -> line.contains("RENAME")).count();
        }

        private void add(Map<String, Long> state, boolean survivesPowerLoss) {
            states.add(Map.copyOf(state));
            lastOperations.add(disk.operations());
            durable.add(survivesPowerLoss ? states.size() - 1 : durable.get(durable.size() - 1));
        }

        /** Index of the last state that was acknowledged. */
        int acknowledgedAt(int operation) {
            int index = 0;
            while (index + 1 < states.size() && lastOperations.get(index + 1) <= operation) {
                index++;
            }
            return index;
        }

        /** The states that may be found. */
        List<Map<String, Long>> allowed(int operation, boolean powerLost) {
            int acknowledged = acknowledgedAt(operation);
            int from = powerLost ? durable.get(acknowledged) : acknowledged;
            return states.subList(from, Math.min(states.size(), acknowledged + 2));
        }
    }

    private static void forceNames(SimulatedDisk disk) throws IOException {
        DirectoryForce.force(disk.path("/"));
        DirectoryForce.force(disk.path("/log"));
    }

    @Test
    void commit_killedAtEveryOperation_countsOrDoesNot() throws Exception {
        History history = new History();
        assertThat(history.newFiles).as("files made anew").isGreaterThan(3);
        for (int operation = 0; operation <= history.disk.operations(); operation++) {
            CrashPoint point = history.disk.crashPoint(operation);
            check(point.state(point.allKept()), history.allowed(operation, false), "killed after operation " + operation);
        }
    }

    @Test
    void commit_powerLostAtEveryOperation_leavesThisOrAnEarlierOneButForWhatWentBack() throws Exception {
        History history = new History();
        int states = 0;
        for (int operation = 0; operation <= history.disk.operations(); operation++) {
            CrashPoint point = history.disk.crashPoint(operation);
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                check(point.state(survival), history.allowed(operation, true), "power lost after operation " + operation + ", left: "
                        + survival + " " + point.describe(survival));
                states++;
            }
        }
        assertThat(states).isGreaterThan(500);
    }

    @Test
    void commit_backAfterAKillBetweenAMoveAndItsForce_survivesPowerLoss() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        Files.createDirectory(disk.path("/log"));
        forceNames(disk);
        CursorWriter killed = open(disk.path("/log"), 1);
        disk.failing(FaultPlan.nthOf(Call.FORCE_DIRECTORY, "cursors", 1, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> {
            for (int i = 1; i < 100; i++) {
                killed.commit(List.of(new Commit("a", 8L * i).entry()));
            }
        }).isInstanceOf(IOException.class);
        disk.kill();
        try (CursorWriter cursor = open(disk.path("/log"), 1_000)) {
            cursor.commit(List.of(new Commit("a", 0).entry()));
            CrashPoint point = disk.crashPoint(disk.operations());
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, 1)) {
                CursorReader left = reader(point.state(survival).path("/log"));
                left.refresh();
                assertThat(positions(left.commits())).as(() -> "left: " + point.describe(survival)).containsEntry("a", 0L);
            }
        }
    }

    /** What is read is one of these, and commits go on from there. */
    private static void check(SimulatedDisk disk, List<Map<String, Long>> allowed, String when) throws Exception {
        Path root = disk.path("/log");
        CursorReader beside = reader(root);
        beside.refresh();
        Map<String, Long> found = positions(beside.commits());
        assertThat(allowed).as(when).contains(found);
        // where its name was lost, too, a writer makes the log again: a consumer of none is refused
        Files.createDirectories(root);
        try (CursorWriter cursor = open(root, 1_000)) {
            Map<String, Long> expected = new TreeMap<>(found.equals(NOTHING) ? BEGINNING : found);
            assertThat(positions(cursor.commits())).as(when).isEqualTo(expected);
            for (long position = 10_000; position < 10_006; position++) {
                cursor.commit(List.of(new Commit("a", position).entry()));
                expected.put("a", position);
                beside.refresh();
                assertThat(positions(beside.commits())).as("%s, read on by somebody else", when).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FaultPlan.Failure.class)
    void commit_everyCallFailsOnce_throwsOrCounts(FaultPlan.Failure failure) throws Exception {
        int thrown = 0;
        int nth = 1;
        while (true) {
            SimulatedDisk disk = new SimulatedDisk();
            Files.createDirectory(disk.path("/log"));
            disk.failing(FaultPlan.nthOfAll(nth, failure));
            thrown += runWithFault(disk);
            if (disk.failures().isEmpty()) {
                break;
            }
            nth++;
        }
        assertThat(nth).as("calls that failed").isGreaterThan(50);
        assertThat(thrown).isPositive();
    }

    /** @return how often it was told of a failure */
    private static int runWithFault(SimulatedDisk disk) throws Exception {
        Path root = disk.path("/log");
        int thrown = 0;
        CursorWriter cursor = null;
        while (cursor == null) {
            try {
                cursor = open(root, 1);
            } catch (IOException e) {
                thrown++;
            }
        }
        CursorReader beside = reader(root);
        Map<String, Long> state = new TreeMap<>(BEGINNING);
        for (Commit commit : commits()) {
            Map<String, Long> next = new TreeMap<>(state);
            next.put(commit.key(), commit.position());
            try {
                cursor.commit(List.of(commit.entry()));
                state = next;
            } catch (IOException e) {
                thrown++;
            }
            refresh(beside);
            Map<String, Long> found = positions(beside.commits());
            assertThat(List.of(state, next)).as(() -> disk.failures().toString()).contains(found);
            thrown += commitWhateverFails(cursor, commit);
            state = next;
            refresh(beside);
            assertThat(positions(beside.commits())).as(() -> disk.failures().toString()).isEqualTo(state);
        }
        cursor.close();
        return thrown;
    }

    private static int commitWhateverFails(CursorWriter cursor, Commit commit) throws IOException {
        try {
            cursor.commit(List.of(commit.entry()));
            return 0;
        } catch (IOException e) {
            cursor.commit(List.of(commit.entry()));
            return 1;
        }
    }

    private static void refresh(CursorReader reader) throws IOException {
        try {
            reader.refresh();
        } catch (IOException e) {
            reader.refresh();
        }
    }
}
