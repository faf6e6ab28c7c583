package dev.streamwal.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Scale;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.simulation.CrashExplorer.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The log and its tier stand on one simulated disk. While packs go to the tier, come back, expire, are cut and erased there, the machine crashes, or the
 * process is killed, at every operation: the log is what it promises. {@code -Dscale=…} multiplies the random workloads.
 */
@Tag("long")
class TierCrashTest {

    private static final int MAX_ALONE = 2;
    private static final int MAX_LOST = 40;
    private static final int RANDOM = 1;
    private static final int WORKLOADS = 6;
    private static final int STEPS = 5;

    private static final Step MOVE = new Step.MoveToTier();

    /** Records of two streams in packs, which may go. */
    private static List<Step> begun() {
        return List.of(new Step.AppendBatchDurably("a", 3, 100), new Step.Append("b", 2, 60), new Step.Rotate("a"), new Step.Append("b", 1, 60),
                new Step.NextWindow(), new Step.NextWindow(), new Step.Pack());
    }

    private static List<Step> withPacksInTier() {
        List<Step> steps = new ArrayList<>(begun());
        steps.add(MOVE);
        return steps;
    }

    private static Workload workload(boolean shared, Step... behind) {
        List<Step> steps = new ArrayList<>(begun());
        steps.addAll(List.of(behind));
        return new Workload(1, false, shared, false, 4_096, new JournalSizes(1_024, 1_024, 2_048, 512, 256), steps);
    }

    private static void keepsItsPromises(boolean shared, Step... behind) {
        CrashExplorer explorer = new CrashExplorer(MAX_ALONE, RANDOM, Lies.NONE, Scale.everyNth());
        Optional<Failure> failure = explorer.exploreLastStep(workload(shared, behind));
        assertThat(failure.map(Failure::describe)).isEmpty();
        assertThat(explorer.states()).as("states that were looked at").isGreaterThan(10);
    }

    /** The one where streams share, and the other where they don't; both, where the search is long. */
    private static void keepsItsPromises(boolean shared, List<Step> one, List<Step> other) {
        if (shared || Scale.factor() > 1) {
            keepsItsPromises(shared, one.toArray(Step[]::new));
        }
        if (!shared || Scale.factor() > 1) {
            keepsItsPromises(shared, other.toArray(Step[]::new));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void moveToTier_crashedAndKilledAnywhere_keepsAll(boolean shared) {
        assertThat(WorkloadRun.of(workload(shared, MOVE), Lies.NONE).tiered()).isPositive();
        keepsItsPromises(shared, MOVE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void moveToTier_behindACrashInTheMiddle_goesOn(boolean shared) {
        keepsItsPromises(shared, List.of(MOVE, new Step.AppendDurably("a", 2, 80), new Step.NextWindow(), new Step.Restart(1), MOVE),
                List.of(MOVE, new Step.AppendDurably("a", 2, 80), new Step.Kill(), MOVE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sweep_whatExpiresInTheTier_crashedAndKilledAnywhere_keepsTheRest(boolean shared) {
        keepsItsPromises(shared, List.of(MOVE, new Step.ExpireAndSweep()), List.of(MOVE, new Step.ExpireAndSweep(), MOVE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void truncate_inTheTier_crashedAndKilledAnywhere_cutsOrDoesnt(boolean shared) {
        keepsItsPromises(shared, List.of(MOVE, new Step.Truncate("a", 1)), List.of(MOVE, new Step.Truncate("a", 1), MOVE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void erase_inTheTier_crashedAndKilledAnywhere_erasesOrDoesnt(boolean shared) {
        keepsItsPromises(shared, List.of(MOVE, new Step.Erase("a", Step.Erase.Part.ALL)), List.of(MOVE, new Step.Erase("b", Step.Erase.Part.OLDER), MOVE));
    }

    @Test
    void erase_inTheTier_powerLostBehindIt_bringsNoObjectBack() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        Path tier = Files.createDirectory(disk.path("/tier"));
        DirectoryForce.force(disk.path("/"));
        AtomicLong nowMillis = new AtomicLong(Instant.parse("2026-03-01T12:00:00Z").toEpochMilli());
        WalOptions options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis.get())).window(WorkloadRun.WINDOW)
                .retention(WorkloadRun.RETENTION).sweepInterval(Duration.ZERO).ownSegments(0).tier(tier).tierAfter(Duration.ZERO).build();
        StreamWal wal = SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong);
        for (String key : List.of("a", "b")) {
            EntryRef unused = wal.stream(key).append(key.getBytes(UTF_8));
        }
        long unusedMillis = nowMillis.addAndGet(2 * WorkloadRun.WINDOW.toMillis());
        assertThat(wal.pack()).isPositive();
        assertThat(wal.moveToTier()).isPositive();
        List<String> before = packsIn(tier);
        assertThat(wal.erase(Keys.key("a"), Instant.MIN, Instant.MAX).records()).isOne();
        assertThat(packsIn(tier)).doesNotContainAnyElementsOf(before);
        CrashPoint point = disk.crashPoint(disk.mark());
        for (Survival survival : point.survivals(MAX_LOST, RANDOM, 1)) {
            assertThat(packsIn(point.state(survival).path("/tier"))).as("left: %s", survival).doesNotContainAnyElementsOf(before);
        }
        wal.close();
    }

    private static List<String> packsIn(Path tier) throws IOException {
        try (Stream<Path> objects = Files.list(tier)) {
            return objects.map(object -> object.getFileName().toString()).filter(name -> name.endsWith(".pack")).toList();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void delete_inTheTier_crashedAndKilledAnywhere_deletesOrDoesnt(boolean shared) {
        keepsItsPromises(shared, List.of(MOVE, new Step.Delete("a")), List.of(MOVE, new Step.Purge("b"), MOVE));
    }

    @Test
    void randomWorkloads_crashedAndKilledAnywhere_keepTheirPromises() {
        int tiered = 0;
        long seeds = Math.max(1, Math.round(WORKLOADS * Scale.factor()));
        for (long seed = 1; seed <= seeds; seed++) {
            Workload workload = Workload.random(seed, seed % 2 == 0, STEPS).withTier(withPacksInTier());
            tiered += WorkloadRun.of(workload, Lies.NONE).tiered();
            Optional<Failure> failure = new CrashExplorer(MAX_ALONE, RANDOM, Lies.NONE, Scale.everyNth()).explore(workload);
            assertThat(failure.map(Failure::describe)).isEmpty();
        }
        assertThat(tiered).as("packs that went to the tier").isPositive();
    }

    // ---------------------------------------------------------------- that it would be noticed

    private static String found(Lies lies, Step... behind) {
        return new CrashExplorer(MAX_ALONE, RANDOM, lies, 1).firstInLastStep(workload(false, behind)).map(Failure::describe)
                .orElseThrow(() -> new AssertionError("nothing was noticed"));
    }

    @Test
    void explore_objectIsNotForced_isNoticed() {
        assertThat(found(Lies.ignoringForcesOf("/tier/.*\\.pack"), MOVE)).contains("tier");
    }

    @Test
    void explore_nameOfTheObjectIsNotForced_isNoticed() {
        assertThat(found(Lies.ignoringForcesOfDirectories("/tier"), MOVE)).contains("tier");
    }

    @Test
    void explore_tableIsNotForced_isNoticed() {
        assertThat(found(Lies.ignoringForcesOf("\\.table"), MOVE)).containsPattern("table|block|footer|header");
    }

    @Test
    void explore_manifestIsNotForced_isNoticed() {
        assertThat(found(Lies.ignoringForcesOf("/packs/.*manifest"), MOVE)).containsPattern("missing|lost|damaged|can be opened");
    }
}
