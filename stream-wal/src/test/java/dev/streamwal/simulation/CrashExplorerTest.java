package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.simulation.CrashExplorer.Failure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a crash leaves of a log is what the log promises, whatever it was doing. {@code -Dseed=…} repeats one workload,
 * {@code -Dscale=…} multiplies them.
 */
class CrashExplorerTest {

    private static final int WORKLOADS = 40;
    private static final int STEPS = 12;
    private static final int MAX_ALONE = 4;
    private static final int RANDOM = 6;

    // ---------------------------------------------------------------- what must hold

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void randomWorkloads_crashedAndKilledAnywhere_keepTheirPromises(boolean mapped) throws Exception {
        Long given = Long.getLong("seed");
        double scale = Double.parseDouble(System.getProperty("scale", "1"));
        int count = given != null ? 1 : (int) Math.max(2, Math.round(WORKLOADS * scale));
        List<Workload> workloads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            workloads.add(Workload.random(given != null ? given : i + 1, mapped, STEPS));
        }
        explore(workloads);
    }

    /** Every sequence of up to two steps: small, but complete. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyShortWorkload_crashedAndKilledAnywhere_keepsItsPromises(boolean mapped) throws Exception {
        explore(Workload.every(2, mapped));
    }

    /** On all processors: a workload has its own disks and logs. */
    private static void explore(List<Workload> workloads) throws Exception {
        long start = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        long states = 0;
        long points = 0;
        try {
            List<Callable<CrashExplorer>> explorations = new ArrayList<>();
            for (Workload workload : workloads) {
                explorations.add(() -> {
                    CrashExplorer explorer = new CrashExplorer(MAX_ALONE, RANDOM, Lies.NONE);
                    assertThat(explorer.explore(workload).map(Failure::describe)).isEmpty();
                    return explorer;
                });
            }
            for (Future<CrashExplorer> done : threads.invokeAll(explorations)) {
                CrashExplorer explorer = result(done);
                states += explorer.states();
                points += explorer.crashPoints();
            }
        } finally {
            threads.shutdownNow();
        }
        long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        System.out.printf("CrashExplorerTest: mapped=%s, %d workloads, %d crash points, %d crash states, %d ms, %d states/s%n",
                workloads.get(0).mapped(), workloads.size(), points, states, millis, states * 1_000 / millis);
        assertThat(states).isGreaterThan(points);
    }

    private static CrashExplorer result(Future<CrashExplorer> done) throws Exception {
        try {
            return done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError violation) {
                throw violation;
            }
            throw e;
        }
    }

    // ---------------------------------------------------------------- the check is alive

    /** Positions are given twice, or the log refuses to be opened, as it might. */
    private static final Pattern POSITIONS = Pattern.compile("a position is given once|could give a position twice");

    private static Failure found(Lies lies, Step... steps) {
        CrashExplorer explorer = new CrashExplorer(MAX_ALONE, RANDOM, lies);
        Optional<Failure> failure = explorer.explore(Workload.of(false, steps));
        assertThat(failure).as("a lie that isn't noticed").isPresent();
        return failure.orElseThrow();
    }

    @Test
    void explore_positionsAreNotForced_findsThatPositionsAreNotSafe() {
        Failure failure = found(Lies.ignoringForcesOf("positions$"), new Step.Sweep(), new Step.Append("a", 3, 100), new Step.NextWindow(),
                new Step.Append("b", 2, 10));
        assertThat(failure.describe()).containsPattern(POSITIONS);
        assertThat(failure.run().workload().steps()).as("made smaller").hasSize(1);
    }

    @Test
    void explore_directoriesAreNotForced_findsThatPositionsAreNotSafe() {
        Failure failure = found(Lies.ignoringForcesOfDirectories(), new Step.Append("a", 3, 100));
        assertThat(failure.describe()).containsPattern(POSITIONS);
        CrashPoint point = failure.run().disk().crashPoint(failure.operation());
        assertThat(point.describe(failure.survival())).as("made smaller: one name is lost").hasSize(1);
    }

    // ---------------------------------------------------------------- everything happens in the same way twice

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void run_sameSeed_hasTheSameHistoryAndStates(boolean mapped) {
        long[] hashes = new long[2];
        for (int i = 0; i < 2; i++) {
            SimulatedDisk disk = WorkloadRun.of(Workload.random(1, mapped, 30), Lies.NONE).disk();
            CrashPoint point = disk.crashPoint(disk.operations());
            long hash = disk.historyHash();
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, 1)) {
                hash = hash * 31 + contentHash(point.state(survival));
            }
            hashes[i] = hash;
        }
        System.out.printf("CrashExplorerTest: mapped=%s, seed 1 has the hash %016x%n", mapped, hashes[0]);
        assertThat(hashes[1]).isEqualTo(hashes[0]);
        assertThat(WorkloadRun.of(Workload.random(2, mapped, 30), Lies.NONE).disk().historyHash()).isNotEqualTo(hashes[0]);
    }

    private static long contentHash(SimulatedDisk disk) {
        long hash = 1;
        for (Map.Entry<String, byte[]> entry : disk.content().entrySet()) {
            hash = (hash * 31 + entry.getKey().hashCode()) * 31 + Arrays.hashCode(entry.getValue());
        }
        return hash;
    }

    @Test
    void run_mapped_storesThroughMappings() {
        SimulatedDisk disk = WorkloadRun.of(Workload.of(true, new Step.Append("a", 60, 50), new Step.Background()), Lies.NONE).disk();
        assertThat(disk.history()).anyMatch(line -> line.contains("STORE"));
        assertThat(WorkloadRun.of(Workload.of(false, new Step.Append("a", 60, 50)), Lies.NONE).disk().history())
                .noneMatch(line -> line.contains("STORE"));
    }
}
