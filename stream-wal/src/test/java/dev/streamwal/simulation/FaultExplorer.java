package dev.streamwal.simulation;

import dev.streamwal.simulation.FaultPlan.Failure;
import dev.streamwal.simulation.WorkloadRun.Stretch;
import java.util.List;

/**
 * Does a workload again and again, and each time another call of the disk fails: the first, the second, until the workload ends before one
 * does. Whatever the log then refuses, it says so by its own exceptions, and what it has acknowledged is there: for the next process, and
 * as far as it was promised after a crash of the machine.
 */
final class FaultExplorer {

    private static final int MAX_ALONE = 1;
    private static final int RANDOM = 1;

    private long runs;
    private long refusals;

    /** Runs in which a call failed so far. */
    long runs() {
        return runs;
    }

    /** Steps that were refused because of it. */
    long refusals() {
        return refusals;
    }

    /** @throws AssertionError with all that is needed to repeat it */
    void explore(Workload workload, Failure failure) {
        for (int nth = 1; ; nth++) {
            FaultPlan plan = FaultPlan.nthOfAll(nth, failure);
            SimulatedDisk disk = new SimulatedDisk();
            disk.failing(plan);
            try {
                WorkloadRun run = WorkloadRun.of(workload, disk);
                if (disk.failures().isEmpty()) {
                    return;
                }
                runs++;
                refusals += run.refusals().size();
                check(run);
            } catch (CrashCheck.Violation | RuntimeException | AssertionError e) {
                throw new AssertionError(e + "\n  " + plan + "\n  failed after operation " + disk.failures() + "\n  workload: " + workload
                        + "\n  history:\n    " + String.join("\n    ", disk.history()), e);
            }
        }
    }

    private static void check(WorkloadRun run) throws CrashCheck.Violation {
        List<Stretch> stretches = run.stretches();
        Stretch last = stretches.get(stretches.size() - 1);
        CrashPoint end = run.disk().crashPoint(last.to());
        new CrashCheck(run, last, last.to(), true).check(end.state(end.allKept()));
        for (Survival survival : end.survivals(MAX_ALONE, RANDOM, run.workload().seed())) {
            new CrashCheck(run, last, last.to(), false).check(end.state(survival));
        }
    }
}
