package dev.streamwal.simulation;

import dev.streamwal.simulation.WorkloadRun.Stretch;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Does a workload once, and then lets the machine crash, and the process be killed, at every operation of the disk, in many ways each:
 * whatever is left, the log must be what it promises. The first failure is made as small as it can be.
 */
final class CrashExplorer {

    /** Explorations that making a failure smaller may take. */
    private static final int MAX_SHRINKING = 300;
    /** Of so many states one is also crashed in the middle of its recovery. */
    private static final int STATES_PER_CRASH_IN_RECOVERY = 4;

    private final int maxAlone;
    private final int random;
    private final Lies lies;
    private final int everyNth;
    private long operations;
    private long states;
    private long repeated;
    private long crashPoints;

    /**
     * A crash that breaks a promise.
     *
     * @param stretch in which it happens; null where a step of the workload can't be done, and nothing crashes
     * @param operation the last one before it
     * @param survival what is left; all, where the process was killed
     */
    record Failure(
            WorkloadRun run, Stretch stretch, int operation, Ending ending, Survival survival, CrashCheck.Violation violation) {

        String describe() {
            StringBuilder text = new StringBuilder(violation.getMessage()).append("\n  workload: ").append(run.workload());
            if (stretch == null) {
                text.append("\n  in step ").append(run.problem().orElseThrow().step());
                addHistory(text, run.disk(), run.disk().operations());
                return text.toString();
            }
            text.append("\n  ").append(ending).append(" after operation ").append(operation).append(", in step ").append(stretch.step());
            if (ending == Ending.CRASHED || ending == Ending.CACHE_LOST) {
                text.append(", left: ").append(survival);
                stretch.disk().crashPoint(operation).describe(survival).forEach(line -> text.append("\n    ").append(line));
            }
            addHistory(text, stretch.disk(), operation);
            return text.toString();
        }

        private static void addHistory(StringBuilder text, SimulatedDisk disk, int operations) {
            text.append("\n  history:");
            disk.history().subList(0, operations).forEach(line -> text.append("\n    ").append(line));
        }
    }

    /**
     * @param maxAlone items of a crash point that are lost and kept alone
     * @param random choices more
     * @param everyNth of the operations: behind it all crashes; an even number counts as the next odd one, as what happens there differs with odd and even
     */
    CrashExplorer(int maxAlone, int random, Lies lies, int everyNth) {
        this.maxAlone = maxAlone;
        this.random = random;
        this.lies = lies;
        this.everyNth = everyNth | 1;
    }

    /** Disks on which a log was opened so far; of one workload no two with the same content, the same ending and the same boot at the same time. */
    long states() {
        return states;
    }

    /** Crashes that left what another one had left, too: what was found then is compared with what is promised now. */
    long repeated() {
        return repeated;
    }

    long crashPoints() {
        return crashPoints;
    }

    /** The smallest failure that was found; empty where all is well. */
    Optional<Failure> explore(Workload workload) {
        return firstFailure(workload, -1).map(this::shrunk);
    }

    /** Crashes only in the last step: for whoever explores what precedes it too. */
    Optional<Failure> exploreLastStep(Workload workload) {
        return exploreFrom(workload, workload.steps().size() - 1);
    }

    /** Crashes only in a step and behind it. */
    Optional<Failure> exploreFrom(Workload workload, int step) {
        return firstFailure(workload, step).map(this::shrunk);
    }

    /** The same, for who knows that something fails: as it was found, without looking for the shortest workload that fails. */
    Optional<Failure> firstInLastStep(Workload workload) {
        return firstFailure(workload, workload.steps().size() - 1);
    }

    private Optional<Failure> firstFailure(Workload workload, int firstStep) {
        WorkloadRun run = WorkloadRun.of(workload, lies);
        try {
            return firstFailure(run, firstStep);
        } finally {
            states += run.explored().distinct();
            repeated += run.explored().repeated();
        }
    }

    private Optional<Failure> firstFailure(WorkloadRun run, int firstStep) {
        for (Stretch stretch : run.stretches()) {
            for (int operation = stretch.from() + 1; operation <= stretch.to() && stretch.step() >= firstStep; operation++) {
                Optional<Failure> failure = operations++ % everyNth == 0 ? crash(run, stretch, operation) : Optional.empty();
                if (failure.isPresent()) {
                    return failure;
                }
            }
        }
        return run.problem().map(problem -> new Failure(run, null, 0, Ending.KILLED, null, problem.violation()));
    }

    private Optional<Failure> crash(WorkloadRun run, Stretch stretch, int operation) {
        CrashPoint point = stretch.disk().crashPoint(operation);
        crashPoints++;
        boolean inAStep = stretch.step() >= 0;
        Optional<Failure> failure = Optional.empty();
        if (inAStep) {
            Ending killed = (operation & 1) == 0 ? Ending.KILLED : Ending.KILLED_AND_MOVED;
            failure = failure(run, stretch, point, killed, point.allKept())
                    .or(() -> failure(run, stretch, point, Ending.SHORTENED, point.allKept()));
        }
        boolean cacheLost = (operation & 1) == 0;
        for (Iterator<Survival> each = point.survivals(maxAlone, random, run.workload().seed()).iterator();
                each.hasNext() && failure.isEmpty(); ) {
            cacheLost = !cacheLost;
            failure = failure(run, stretch, point, cacheLost && inAStep ? Ending.CACHE_LOST : Ending.CRASHED, each.next());
        }
        return failure;
    }

    private Optional<Failure> failure(WorkloadRun run, Stretch stretch, CrashPoint point, Ending ending, Survival left) {
        CrashCheck check = new CrashCheck(run, stretch, point.operation(), ending);
        long seed = seed(run, point, left);
        try {
            Explored explored = run.explored();
            SimulatedDisk disk = point.state(left);
            Explored.State state = new Explored.State(disk.contentHash(), ending, stretch.bootId(), stretch.clock());
            if (ending == Ending.SHORTENED) {
                explored.addDerived(state, new ShortenedCheck(run, stretch, check).check(disk, seed));
                return Optional.empty();
            }
            CrashCheck.Recovered before = explored.recovered(state);
            if (before != null) {
                explored.repeat();
                check.checkAgain(before);
                return Optional.empty();
            }
            explored.add(state, check.check(disk, seed));
            if (Math.floorMod(seed >> 8, STATES_PER_CRASH_IN_RECOVERY) == 0) {
                explored.addDerived(state, check.checkCrashInRecovery(point.state(left), seed));
            }
            return Optional.empty();
        } catch (CrashCheck.Violation e) {
            return Optional.of(new Failure(run, stretch, point.operation(), ending, left, e));
        }
    }

    private static long seed(WorkloadRun run, CrashPoint point, Survival left) {
        return new Random(run.workload().seed() * 1_000_003 + left.hashCode() * 31L + point.operation()).nextLong();
    }

    // ---------------------------------------------------------------- making a failure smaller

    private Failure shrunk(Failure first) {
        Failure smallest = first;
        int left = MAX_SHRINKING;
        for (int i = smallest.run().workload().steps().size() - 1; i >= 0 && left > 0; i--) {
            left--;
            Optional<Failure> smaller = firstFailure(smallest.run().workload().without(i), -1);
            if (smaller.isPresent()) {
                smallest = smaller.get();
                i = Math.min(i, smallest.run().workload().steps().size());
            }
        }
        return withFewerLosses(smallest);
    }

    /** Keeps what needn't be lost. */
    private Failure withFewerLosses(Failure failure) {
        if (failure.ending().isKill() || failure.ending() == Ending.SHORTENED || failure.stretch() == null) {
            return failure;
        }
        failure.run().explored().forget();
        CrashPoint point = failure.stretch().disk().crashPoint(failure.operation());
        Failure smallest = failure;
        List<CrashPoint.Item> items = point.items();
        for (int i = 0; i < items.size(); i++) {
            int kept = items.get(i).options() - 1;
            if (smallest.survival().picks()[i] != kept) {
                smallest = failure(failure.run(), failure.stretch(), point, failure.ending(), smallest.survival().with(i, kept)).orElse(smallest);
            }
        }
        return smallest;
    }
}
