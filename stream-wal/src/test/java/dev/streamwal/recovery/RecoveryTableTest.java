package dev.streamwal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.recovery.TailEvidence.Stop;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table over all the evidence there can be; what it must decide is said here once more, in another way. */
class RecoveryTableTest {

    private static final boolean[] BOTH = {false, true};

    private static List<TailEvidence> everything() {
        List<TailEvidence> all = new ArrayList<>();
        for (Stop stop : Stop.values()) {
            for (boolean atKnownEnd : BOTH) {
                for (boolean dataBehind : BOTH) {
                    for (boolean markBehind : BOTH) {
                        for (boolean sameIncarnation : BOTH) {
                            all.add(new TailEvidence(stop, atKnownEnd, dataBehind, markBehind, sameIncarnation));
                        }
                    }
                }
            }
        }
        return all;
    }

    @Test
    void decide_anyEvidence_hasExactlyOneRow() {
        assertThat(everything()).hasSize(64).allSatisfy(evidence -> assertThat(RecoveryTable.decide(evidence)).isNotNull());
    }

    @Test
    void decide_anyEvidence_isWhatTheRulesSay() {
        assertThat(everything()).allSatisfy(
                evidence -> assertThat(RecoveryTable.decide(evidence)).as("%s", evidence).isEqualTo(bySentences(evidence)));
    }

    private static RecoveryDecision bySentences(TailEvidence evidence) {
        if (evidence.atKnownEnd()) {
            return RecoveryDecision.KEEP;
        }
        if (evidence.stop() == Stop.TOO_NEW) {
            return RecoveryDecision.REFUSE_TOO_NEW;
        }
        boolean quiet = evidence.stop() != Stop.INVALID;
        if (evidence.sameIncarnation()) {
            if (evidence.stop() == Stop.EMPTY && evidence.dataBehind()) {
                return RecoveryDecision.PAD_HOLE;
            }
            if (evidence.dataBehind() || evidence.markBehind()) {
                return RecoveryDecision.REFUSE_CORRUPT;
            }
            return quiet ? RecoveryDecision.KEEP : RecoveryDecision.CUT_TORN_TAIL;
        }
        return quiet && !evidence.dataBehind() ? RecoveryDecision.KEEP : RecoveryDecision.CUT_TORN_TAIL;
    }

    /** Nothing that was published while the machine stayed up may be cut. */
    @Test
    void decide_machineStayedUpAndDataBehind_neverCuts() {
        assertThat(everything()).filteredOn(evidence -> evidence.sameIncarnation() && !evidence.atKnownEnd())
                .filteredOn(evidence -> evidence.dataBehind() || evidence.markBehind())
                .noneSatisfy(evidence -> assertThat(RecoveryTable.decide(evidence))
                        .isIn(RecoveryDecision.CUT_TORN_TAIL, RecoveryDecision.KEEP));
    }

    @Test
    void decide_everyDecision_isReached() {
        Map<RecoveryDecision, Integer> reached = new EnumMap<>(RecoveryDecision.class);
        everything().forEach(evidence -> reached.merge(RecoveryTable.decide(evidence), 1, Integer::sum));
        assertThat(reached).containsOnlyKeys(RecoveryDecision.values());
    }
}
