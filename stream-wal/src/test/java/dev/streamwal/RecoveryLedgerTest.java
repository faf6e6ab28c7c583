package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.RecoveryReport.Sums;
import dev.streamwal.recovery.Findings;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoveryLedgerTest {

    private final RecoveryLedger ledger = new RecoveryLedger();

    private static Sums redone(long records, long bytes) {
        return new Sums(new Sums.Fields(0, 0, records, bytes, 0, 0, 0, 0));
    }

    @Test
    void report_moreStreamsThanItHolds_saysSoAndHasAllInTheTotals() {
        for (int i = 0; i < RecoveryReport.MAX_STREAMS; i++) {
            ledger.redone("s" + i, 1, 100);
        }
        assertThat(ledger.report().isComplete()).isTrue();
        ledger.redone("one more", 1, 60);
        ledger.redone("one more", 0, 40);
        RecoveryReport report = ledger.report();
        assertThat(report.isComplete()).isFalse();
        assertThat(report.streams()).hasSize(RecoveryReport.MAX_STREAMS);
        assertThat(report.totals()).isEqualTo(redone(10_001, 1_000_100));
        ledger.redone("s7", 1, 100);
        assertThat(ledger.report().totals()).as("one that is known has room").isEqualTo(redone(10_002, 1_000_200));
    }

    @Test
    void report_redoneAndThenInOrder_isAFinding() {
        ledger.redone("b", 3, 300);
        ledger.recovered("b", new Findings());
        ledger.recovered("a", new Findings());
        RecoveryReport report = ledger.report();
        assertThat(report.streams()).singleElement().satisfies(stream -> {
            assertThat(stream.key()).isEqualTo("b");
            assertThat(stream.sums()).isEqualTo(redone(3, 300));
        });
        assertThat(report.recoveredStreams()).isEqualTo(2);
    }

    @Test
    void report_refusedAndThenInOrder_isNoFindingAnyMore() {
        ledger.refused("a", new Findings(), new IllegalStateException("first"));
        ledger.refused("a", new Findings(), new IllegalStateException("second"));
        assertThat(ledger.report().refusedStreams()).isEqualTo(1);
        assertThat(ledger.report().streams().get(0).refusal()).contains("second");
        ledger.refused("a", new IllegalStateException("what the caller got is the same"));
        assertThat(ledger.report().streams().get(0).refusal()).contains("second");
        ledger.recovered("a", new Findings());
        assertThat(ledger.report()).isEqualTo(new RecoveryReport(new RecoveryReport.Fields(List.of(), true, 1, 0, Sums.NONE)));
    }
}
