package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Scale;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.simulation.CrashExplorer.Failure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What a crash leaves of a log is what the log promises, whatever it was doing. {@code -Dseed=…} repeats one workload,
 * {@code -Dscale=…} multiplies them.
 */
class CrashExplorerTest {

    private static final int WORKLOADS = 205;
    private static final int STEPS = 14;
    /** Divided by the scale: one of so many pairs of steps is explored. */
    private static final double PAIRS_LEFT_OUT = 0.2;
    private static final String JOURNAL = "commit/[0-9a-f]+\\.journal$";
    private static final int THREADS = 2;
    private static final int MAX_ALONE = 3;
    private static final int RANDOM = 3;

    /** Different ones, that every short workload has where no crash point is left out: if there are fewer, something isn't explored any more. */
    private static final int STATES_OF_SHORT_WORKLOADS = 110_000;

    /** That all tests here have together, where no crash point is left out. */
    private static final int STATES_OF_ALL = 200_000;

    private static final AtomicLong ALL_STATES = new AtomicLong();
    private static final Set<String> BEGUN = new HashSet<>();

    /** Few and short: encrypting takes longer than all else there. */
    private static final int ENCRYPTED_WORKLOADS = 2;
    private static final int ENCRYPTED_STEPS = 3;

    @BeforeEach
    void note(TestInfo test) {
        BEGUN.add(test.getTestMethod().orElseThrow().getName());
    }

    @AfterAll
    static void checkStates() {
        System.out.printf("CrashExplorerTest: %d crash states in all%n", ALL_STATES.get());
        boolean isAll = Stream.of(CrashExplorerTest.class.getDeclaredMethods())
                .filter(method -> AnnotationSupport.isAnnotated(method, Testable.class))
                .allMatch(method -> BEGUN.contains(method.getName()));
        if (isAll && Scale.everyNth() == 1 && Long.getLong("seed") == null) {
            assertThat(ALL_STATES).as("different states").hasValueGreaterThanOrEqualTo(STATES_OF_ALL);
        }
    }

    // ---------------------------------------------------------------- what must hold

    /** Long, of several streams, with restarts in the middle. */
    @Test
    void randomWorkloads_crashedAndKilledAnywhere_keepTheirPromises() throws Exception {
        Long given = Long.getLong("seed");
        List<Workload> workloads = new ArrayList<>();
        for (long seed = 1; given == null && seed <= Math.max(2, Math.round(WORKLOADS * Scale.factor())); seed++) {
            workloads.add(Workload.random(seed, seed % 2 == 0, STEPS));
        }
        if (given != null) {
            workloads.add(Workload.random(given, given % 2 == 0, STEPS));
        }
        explore("random workloads, seeds " + workloads.get(0).seed() + " to " + workloads.get(workloads.size() - 1).seed(), workloads,
                (explorer, workload) -> explorer.explore(workload));
    }

    /** Every sequence of up to three steps, of one stream, mapped and not. What a step leaves is explored where it is the last one. */
    @Test
    void everyShortWorkload_crashedAndKilledAnywhere_keepsItsPromises() throws Exception {
        List<Workload> workloads = new ArrayList<>();
        for (int length = 1; length <= 3; length++) {
            workloads.addAll(every(length, Workload.ALPHABET, true, Scale.everyNth()));
        }
        long states = explore("every workload of up to 3 steps", workloads, (explorer, workload) -> explorer.exploreLastStep(workload));
        if (Scale.everyNth() == 1) {
            assertThat(states).as("different states").isGreaterThan(STATES_OF_SHORT_WORKLOADS);
        }
    }

    /** Every sequence of up to two steps, of all that there are. */
    @Test
    void everyPairOfAllSteps_crashedAndKilledAnywhere_keepsItsPromises() throws Exception {
        List<Step> alphabet = new ArrayList<>(Workload.ALPHABET);
        alphabet.addAll(Workload.LARGE_ALPHABET);
        List<Workload> workloads = new ArrayList<>();
        for (int length = 1; length <= 2; length++) {
            workloads.addAll(every(length, alphabet, length < 2, (int) Math.max(1, Math.round(PAIRS_LEFT_OUT / Scale.factor()))));
        }
        explore("every workload of up to 2 steps of all", workloads, (explorer, workload) -> explorer.exploreLastStep(workload));
    }

    /** Encrypted, of all kinds of steps; whatever is left, and goes on, no nonce stands beside two records. */
    @Test
    void encryptedWorkloads_crashedAndKilledAnywhere_keepTheirPromisesAndUseNoNonceTwice() throws Exception {
        List<Workload> workloads = new ArrayList<>();
        for (long seed = 1; seed <= Math.max(1, Math.round(ENCRYPTED_WORKLOADS * Scale.factor())); seed++) {
            workloads.add(Workload.random(seed, seed % 2 == 0, ENCRYPTED_STEPS).withEncryption());
        }
        explore("encrypted workloads", workloads, (explorer, workload) -> explorer.explore(workload));
    }

    /** Each state goes on under a key of its own. */
    @Test
    void keysAreRotated_crashedAndKilledAnywhere_keepsItsPromisesAndUsesNoNonceTwice() throws Exception {
        List<Workload> workloads = new ArrayList<>();
        List<Step> steps = List.of(durably("a", 1), new Step.RotateKeys(), durably("a", 1), new Step.Kill(), new Step.RotateKeys(), durably("b", 1));
        for (boolean mapped : Scale.isShortened() ? new boolean[] {false} : new boolean[] {true, false}) {
            workloads.add(Workload.of(mapped, steps.toArray(Step[]::new)).withEncryption());
        }
        explore("workloads that rotate keys", workloads, (explorer, workload) -> explorer.explore(workload));
    }

    // ---------------------------------------------------------------- what was broken once

    private static Step durably(String key, int count) {
        return new Step.AppendDurably(key, count, 120);
    }

    private static void keepsItsPromises(Step... steps) {
        for (boolean mapped : new boolean[] {true, false}) {
            keepsItsPromises(Workload.of(mapped, steps));
        }
    }

    private static void keepsItsPromises(Workload workload) {
        CrashExplorer explorer = new CrashExplorer(MAX_ALONE, RANDOM, Lies.NONE, Scale.everyNth());
        assertThat(explorer.explore(workload).map(Failure::describe)).isEmpty();
        ALL_STATES.addAndGet(explorer.states());
    }

    /** Its file was taken for a free one, in which no block had room. */
    @Test
    void explore_crashesWhileAJournalFileIsMade_goesOnInAnother() {
        keepsItsPromises(durably("a", 1), new Step.AppendToAllDurably(2, 40));
    }

    @Test
    void explore_firstSegmentsNameIsLostWithoutAJournal_doesNotKeepTheSecond() {
        keepsItsPromises(new Step.Append("a", 2, 60), new Step.Rotate("a"), new Step.Sync("a"));
    }

    /** The deletion was forgotten with its journal file, and then the second segment stood there without a beginning. */
    @Test
    void explore_deletionsJournalFileIsUsedAgain_keepsWhatWasSyncedBefore() {
        keepsItsPromises(new Step.Append("a", 2, 50), new Step.Rotate("a"), new Step.Sync("a"), new Step.Purge("a"), durably("b", 3),
                new Step.Background(), durably("b", 3), new Step.Background());
    }

    /** The frontier that was taken over promised what had been cut. */
    @Test
    void explore_cutsJournalFileIsUsedAgainByTheNextProcess_keepsWhatWasNotCut() {
        keepsItsPromises(durably("a", 3), new Step.Background(), new Step.Reopen(), new Step.Truncate("a", 2), new Step.SyncAll(),
                new Step.Kill(), durably("b", 4), new Step.Background());
    }

    /** The segment that was cut counted as gone, and the frontier didn't name it any more. */
    @Test
    void explore_oldestSegmentIsCutWhenItsPredecessorsDeletionIsForgotten_keepsWhatWasNotCut() {
        keepsItsPromises(new Step.Append("b", 1, 383), new Step.Expire(), new Step.AppendBatch("b", 3, 173), new Step.Sweep(),
                durably("b", 1), durably("a", 4), new Step.Truncate("b", 5), new Step.Reopen());
    }

    /** A stream went on behind a hole in the next shared segment, in which it had nothing before that: what the hole may have taken of it was missed. */
    @Test
    void explore_streamGoesOnBehindAHoleInTheNextSharedSegment_missesNothing() {
        Workload workload = new Workload(33, false, true, false, 8_192, new JournalSizes(1_024, 2_048, 6_144, 1_024, 512),
                List.of(new Step.Restart(57), new Step.AppendBatchDurably("c", 4, 65), new Step.NextWindow(), new Step.Append("b", 47, 79), new Step.Reopen(),
                        new Step.Pack(), new Step.Append("b", 2, 1_300), new Step.Append("b", 27, 46), new Step.Background(),
                        new Step.AppendDurably("c", 2, 162), new Step.Append("c", 25, 74), new Step.AppendAsync("b", 3, 80)));
        keepsItsPromises(workload);
    }

    // ---------------------------------------------------------------- packs

    /** Each step that changes what is in packs, behind two windows that are packed, and with more to pack. */
    @Test
    void explore_whatIsInPacksChanges_keepsItsPromises() throws Exception {
        List<Step> changes = List.of(new Step.Pack(), new Step.Truncate("a", 1), new Step.Truncate("a", 3), new Step.Truncate("a", 5),
                new Step.Purge("a"), new Step.Delete("a"), new Step.ExpireAndSweep(), new Step.Reopen(), new Step.Kill(), new Step.Restart(3));
        List<Step> before = List.of(durably("a", 2), new Step.Append("b", 1, 60), new Step.Rotate("a"), new Step.Rotate("b"), new Step.SyncAll(), new Step.Pack(),
                new Step.Rotate("a"), durably("a", 1));
        List<Workload> workloads = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            for (boolean mapped : Scale.factor() > 1 ? new boolean[] {true, false} : new boolean[] {i % 2 == 0}) {
                List<Step> steps = new ArrayList<>(before);
                steps.addAll(List.of(changes.get(i), durably("a", 1), new Step.Pack()));
                workloads.add(Workload.of(mapped, steps.toArray(Step[]::new)));
            }
        }
        // what is before the change is the same in all: it is explored mapped, and not
        explore("what is in packs changes, and before that", workloads.subList(0, 2), (explorer, workload) -> explorer.explore(workload));
        explore("what is in packs changes", workloads.subList(2, workloads.size()), (explorer, workload) -> explorer.exploreFrom(workload, before.size()));
    }

    /** Streams of all kinds go together: of one there are packs only, of others also shared segments, or segments of their own. */
    @Test
    void explore_allStreamsAreDeleted_keepsItsPromises() throws Exception {
        List<Workload> workloads = new ArrayList<>();
        for (boolean shared : new boolean[] {true, false}) {
            List<Step> steps = List.of(new Step.AppendToAllDurably(1, 60), new Step.NextWindow(), durably("a", 1), new Step.Rotate("b"), new Step.Pack(),
                    durably("b", 1), new Step.DeleteAll(), new Step.AppendToAllDurably(1, 40));
            workloads.add(new Workload(1, !shared, shared, false, 4_096, new JournalSizes(1_024, 1_024, 2_048, 512, 256), steps));
        }
        explore("all streams are deleted", workloads, (explorer, workload) -> explorer.exploreFrom(workload, workload.steps().size() - 2));
    }

    /** In segments of its own, in shared ones, and in packs: each record is there, or erased, and erased once the call has returned. */
    @Test
    void explore_recordsAreErased_keepsItsPromises() throws Exception {
        List<Workload> workloads = new ArrayList<>();
        for (Step.Erase.Part part : Step.Erase.Part.values()) {
            for (boolean shared : Scale.factor() > 1 ? new boolean[] {true, false} : new boolean[] {part != Step.Erase.Part.OLDER}) {
                List<Step> steps = new ArrayList<>(List.of(durably("a", 2), new Step.Append("b", 1, 60), new Step.NextWindow()));
                if (part != Step.Erase.Part.NEWEST) {
                    steps.addAll(List.of(durably("a", 1), new Step.Rotate("a"), new Step.Pack()));
                }
                steps.addAll(List.of(new Step.AppendBatchDurably("a", 2, 60), new Step.Erase("a", part)));
                workloads.add(new Workload(1, part == Step.Erase.Part.ALL, shared, part == Step.Erase.Part.NEWEST, 4_096, new JournalSizes(1_024, 1_024, 2_048, 512, 256), steps));
            }
        }
        explore("records are erased", workloads, (explorer, workload) -> explorer.exploreLastStep(workload));
    }

    @Test
    void run_packs_packsSomething() {
        assertThat(WorkloadRun.of(Workload.of(false, new Step.Append("a", 2, 50), new Step.Rotate("a"), new Step.Rotate("a"), new Step.Pack()),
                Lies.NONE).packed()).isEqualTo(2);
    }

    @Test
    void explore_packIsNotForced_findsThatWhatWasSyncedIsLost() {
        Failure failure = found(Lies.ignoringForcesOf("\\.pack"), new Step.Append("a", 3, 100), new Step.Rotate("a"), new Step.Sync("a"),
                new Step.Pack());
        assertThat(failure.describe()).containsPattern("lost|damaged|can be opened and appended to|can't be read");
    }

    @Test
    void explore_manifestIsNotForced_findsThatWhatWasSyncedIsLost() {
        Failure failure = found(Lies.ignoringForcesOf("manifest"), new Step.Append("a", 3, 100), new Step.Rotate("a"), new Step.Sync("a"),
                new Step.Pack());
        assertThat(failure.describe()).containsPattern("lost|damaged|can be opened and appended to");
    }

    // ---------------------------------------------------------------- how it is done

    /** Every sequence of so many steps, or each so many'th of them, mapped and not, or in turn; the same ones each time. */
    private static List<Workload> every(int length, List<Step> alphabet, boolean both, int every) {
        List<Workload> mapped = Workload.every(length, alphabet, true);
        List<Workload> unmapped = Workload.every(length, alphabet, false);
        List<Workload> some = new ArrayList<>();
        for (int i = mapped.size() % every; i < mapped.size(); i += every) {
            boolean all = both || Scale.factor() > 1;
            if (all || i % 2 == 0) {
                some.add(mapped.get(i));
            }
            if (all || i % 2 == 1) {
                some.add(unmapped.get(i));
            }
        }
        return some;
    }

    /** On two threads: a workload has its own disks and logs. How many states there were. */
    private static long explore(
            String what, List<Workload> workloads, BiFunction<CrashExplorer, Workload, Optional<Failure>> exploration) throws Exception {
        long start = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        long states = 0;
        long points = 0;
        long repeated = 0;
        try {
            List<Callable<CrashExplorer>> explorations = new ArrayList<>();
            for (Workload workload : workloads) {
                explorations.add(() -> {
                    CrashExplorer explorer = new CrashExplorer(MAX_ALONE, RANDOM, Lies.NONE, Scale.everyNth());
                    assertThat(exploration.apply(explorer, workload).map(Failure::describe)).isEmpty();
                    return explorer;
                });
            }
            for (Future<CrashExplorer> done : threads.invokeAll(explorations)) {
                CrashExplorer explorer = result(done);
                states += explorer.states();
                points += explorer.crashPoints();
                repeated += explorer.repeated();
            }
        } finally {
            threads.shutdownNow();
        }
        long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        System.out.printf("CrashExplorerTest: %s: %d workloads, %d crash points, %d crash states and %d repeated ones, %d ms, %d states/s%n",
                what, workloads.size(), points, states, repeated, millis, states * 1_000 / millis);
        ALL_STATES.addAndGet(states);
        assertThat(states).isGreaterThan(points);
        return states;
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
    private static final Pattern POSITIONS = Pattern.compile("a position is given once|file of the positions that the log has given");

    private static Failure found(Lies lies, Step... steps) {
        CrashExplorer explorer = new CrashExplorer(MAX_ALONE, RANDOM, lies, 1);
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
        CrashPoint point = failure.stretch().disk().crashPoint(failure.operation());
        assertThat(point.describe(failure.survival())).as("made smaller: one name is lost").hasSize(1);
    }

    @Test
    void explore_streamsDirectoriesAreNotForced_findsThatWhatWasSyncedIsLost() {
        Failure failure = found(Lies.ignoringForcesOfDirectories("segments"), new Step.Append("a", 3, 100), new Step.Sync("a"));
        assertThat(failure.describe()).startsWith("lost: stream=a");
    }

    @Test
    void explore_journalIsNotForced_findsThatWhatWasAcknowledgedIsLost() {
        Failure failure = found(Lies.ignoringForcesOf(JOURNAL), new Step.NextWindow(), new Step.AppendDurably("a", 1, 50));
        assertThat(failure.describe()).startsWith("lost: stream=a");
        assertThat(failure.run().workload().steps()).as("made smaller").hasSize(1);
    }

    @Test
    void explore_journalIsForcedAfterTheAcknowledgement_findsThatWhatWasAcknowledgedIsLost() {
        Failure failure = found(Lies.forcingLate(JOURNAL), new Step.AppendDurably("a", 2, 50));
        assertThat(failure.describe()).startsWith("lost: stream=a");
    }

    @Test
    void explore_footerIsWrittenBeforeItsDataIsForced_findsThatSealedRecordsAreLostOrDamaged() {
        Failure failure = found(Lies.ignoringForcesOf("\\.seg$"), new Step.Append("a", 6, 200), new Step.Rotate("a"), new Step.Background());
        assertThat(failure.describe()).containsPattern("^lost: stream=a|can be opened and appended to");
    }

    @Test
    void explore_deletionIsDoneBeforeItIsDurable_findsHalfOfIt() {
        Failure failure = found(Lies.holdingForcesBackBehindADeletion(JOURNAL), new Step.Append("a", 2, 60), new Step.Rotate("a"),
                new Step.Rotate("a"), new Step.Sync("a"), new Step.Truncate("a", 3));
        assertThat(failure.describe()).as("half a cut").startsWith("lost: stream=a");
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

    /** So of states with the same content one is enough, whatever was lost to get there. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void check_sameContentAgain_givesTheSame(boolean mapped) throws Exception {
        WorkloadRun run = WorkloadRun.of(Workload.of(mapped, durably("a", 2), new Step.Append("b", 2, 60), new Step.Rotate("a")), Lies.NONE);
        Map<Explored.State, String> before = new HashMap<>();
        int repeated = 0;
        for (WorkloadRun.Stretch stretch : run.stretches()) {
            for (int operation = stretch.from() + 1; operation <= stretch.to(); operation += 3) {
                CrashPoint point = stretch.disk().crashPoint(operation);
                for (Survival survival : point.survivals(MAX_ALONE, RANDOM, 1)) {
                    SimulatedDisk disk = point.state(survival);
                    Explored.State state = new Explored.State(disk.contentHash(), Ending.CRASHED, stretch.bootId(), stretch.clock());
                    String what = shown(new CrashCheck(run, stretch, operation, Ending.CRASHED).check(disk, operation));
                    String same = before.putIfAbsent(state, what);
                    assertThat(what).isEqualTo(same == null ? what : same);
                    repeated += same == null ? 0 : 1;
                }
            }
        }
        assertThat(repeated).as("states that were met again").isGreaterThan(10);
    }

    private static String shown(CrashCheck.Recovered recovered) {
        StringBuilder text = new StringBuilder(recovered.next().toString());
        recovered.numbers().forEach((key, numbers) -> text.append(' ').append(key).append(Arrays.toString(numbers)));
        return text.toString();
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
