package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.Sweeper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The clock of a failure throws, in place of a heap that is full. */
class BackgroundReportTest {

    private final List<String> told = new ArrayList<>();
    private boolean isFull;

    private final BackgroundReport report = new BackgroundReport(new WalListener() {
        @Override
        public void onFailure(String task, Optional<String> key, Throwable failure) {
            told.add(task);
        }
    }, false, () -> {
        if (isFull) {
            throw new OutOfMemoryError("made by the test");
        }
        return Instant.EPOCH;
    });

    @Test
    void sweepFailed_cannotBeReported_isNotHealthyAndReportedLater() {
        isFull = true;
        report.sweepFailed(null, new IllegalStateException("made by the test"));
        assertThat(told).isEmpty();
        WalHealth health = report.health();
        assertThat(health.state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(health.task()).contains(Sweeper.TASK);
        assertThat(health.cause()).isPresent();
        isFull = false;
        assertThat(report.health().state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(told).containsExactly(Sweeper.TASK);
        report.ended(Sweeper.TASK, report.begins());
        assertThat(report.health().state()).isEqualTo(WalHealth.State.OK);
        assertThat(told).hasSize(1);
        assertThat(report.counts().failures()).containsExactly(Map.entry(Sweeper.TASK, 1L));
        assertThat(report.sweepFailures()).isEqualTo(1);
    }

    @Test
    void begins_failureWasNotReported_isSettledByTheAttemptThatBegins() {
        isFull = true;
        report.failed("seal", "a", new IllegalStateException("made by the test"));
        isFull = false;
        long begun = report.begins();
        assertThat(told).containsExactly("seal");
        report.ended("seal", "a", begun);
        assertThat(report.health().state()).isEqualTo(WalHealth.State.OK);
    }
}
