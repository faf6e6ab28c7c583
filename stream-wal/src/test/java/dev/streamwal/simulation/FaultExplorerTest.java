package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.simulation.FaultPlan.Failure;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every call of the disk fails once, in turn, in many workloads. */
class FaultExplorerTest {

    private static final int WORKLOADS = 6;
    private static final int STEPS = 10;

    @ParameterizedTest
    @EnumSource
    void everyCall_failsOnce_nothingAcknowledgedIsLost(Failure failure) {
        double scale = Double.parseDouble(System.getProperty("scale", "1"));
        FaultExplorer explorer = new FaultExplorer();
        for (long seed = 1; seed <= Math.max(2, Math.round(WORKLOADS * scale)); seed++) {
            explorer.explore(Workload.random(seed, seed % 2 == 0, STEPS), failure);
        }
        System.out.println("FaultExplorerTest: " + failure + ", " + explorer.runs() + " runs, " + explorer.refusals() + " refusals");
        assertThat(explorer.refusals()).isPositive();
    }
}
