package dev.streamwal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.recovery.ChainEvidence.Broken;
import dev.streamwal.recovery.TailEvidence.Behind;
import dev.streamwal.recovery.TailEvidence.Left;
import dev.streamwal.recovery.TailEvidence.Stop;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The decisions over all the evidence there is, line by line in a file. */
class RecoveryTableTest {

    private static final boolean[] BOTH = {false, true};

    private record Tail(TailEvidence evidence, DamagePolicy policy) {

        RecoveryDecision decision() {
            return RecoveryTable.decide(evidence, policy);
        }

        String line() {
            return String.join(" ", pad(evidence.stop(), 8), pad(evidence.behind(), 8), flag(evidence.atKnownEnd(), "known-end"),
                    flag(evidence.markBehind(), "mark"), pad(evidence.left(), 12), flag(evidence.inOneSector(), "one-sector"),
                    flag(evidence.belowFrontier(), "durable"), pad(policy, 20), decision().name());
        }
    }

    private static String pad(Enum<?> value, int width) {
        return String.format(Locale.ROOT, "%-" + width + "s", value.name());
    }

    private static String flag(boolean set, String name) {
        return set ? name : ".".repeat(name.length());
    }

    private static List<Tail> tails() {
        List<Tail> all = new ArrayList<>();
        for (Stop stop : Stop.values()) {
            for (Behind behind : Behind.values()) {
                for (Left left : Left.values()) {
                    for (int bits = 0; bits < 16; bits++) {
                        TailEvidence evidence =
                                new TailEvidence(stop, (bits & 8) != 0, behind, (bits & 4) != 0, left, (bits & 2) != 0, (bits & 1) != 0);
                        for (DamagePolicy policy : DamagePolicy.values()) {
                            all.add(new Tail(evidence, policy));
                        }
                    }
                }
            }
        }
        return all;
    }

    /** Whoever changes a decision sees in this file which ones. */
    @Test
    void decide_anyPlace_isWhatTheFileSays() {
        assertThat(tails().stream().map(Tail::line).toList()).isEqualTo(pinned());
    }

    private static List<String> pinned() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(RecoveryTableTest.class.getResourceAsStream("recovery-table.txt")), StandardCharsets.UTF_8))) {
            return lines.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nothing that was acknowledged as durable, or was closed, may be cut as if nobody had it. */
    @Test
    void decide_whatMustBeThere_isNeverTakenForTorn() {
        assertThat(tails()).filteredOn(tail -> !tail.evidence().atKnownEnd())
                .filteredOn(tail -> tail.evidence().belowFrontier() || (tail.evidence().left() == Left.CLOSED
                        && (tail.evidence().behind() != Behind.NOTHING || tail.evidence().markBehind())))
                .noneSatisfy(tail -> assertThat(tail.decision()).isIn(RecoveryDecision.CUT_TORN_TAIL, RecoveryDecision.KEEP));
    }

    /** The policy is asked about damage only. */
    @Test
    void decide_policyThatSkips_changesNothingButRefusalsOfDamage() {
        for (Tail tail : tails()) {
            RecoveryDecision strict = RecoveryTable.decide(tail.evidence(), DamagePolicy.STOP_AT_FIRST_ERROR);
            RecoveryDecision lenient = RecoveryTable.decide(tail.evidence(), DamagePolicy.SKIP_BAD_RECORDS);
            assertThat(lenient != strict).as("%s", tail.evidence()).isEqualTo(strict == RecoveryDecision.REFUSE_CORRUPT);
        }
    }

    // ---------------------------------------------------------------- from segment to segment

    private record Chain(ChainEvidence evidence, DamagePolicy policy) {

        RecoveryDecision decision() {
            return RecoveryTable.decide(evidence, policy);
        }
    }

    private static List<Chain> chains() {
        List<Chain> all = new ArrayList<>();
        for (Broken broken : Broken.values()) {
            for (boolean durable : BOTH) {
                for (DamagePolicy policy : DamagePolicy.values()) {
                    all.add(new Chain(new ChainEvidence(broken, durable), policy));
                }
            }
        }
        return all;
    }

    @Test
    void decide_anyBreak_isWhatTheSentencesSay() {
        assertThat(chains()).hasSize(12).allSatisfy(chain -> {
            RecoveryDecision expected;
            if (!chain.evidence().durable()) {
                expected = RecoveryDecision.SET_ASIDE_BEHIND;
            } else if (chain.policy() == DamagePolicy.STOP_AT_FIRST_ERROR) {
                expected = RecoveryDecision.REFUSE_CORRUPT;
            } else if (chain.evidence().broken() == Broken.UNREADABLE) {
                expected = RecoveryDecision.SKIP_UNREADABLE;
            } else {
                expected = RecoveryDecision.GO_ON_BEHIND_GAP;
            }
            assertThat(chain.decision()).as("%s", chain).isEqualTo(expected);
        });
    }

    @Test
    void decide_everyDecision_isReached() {
        Set<RecoveryDecision> reached = EnumSet.noneOf(RecoveryDecision.class);
        tails().forEach(tail -> reached.add(tail.decision()));
        chains().forEach(chain -> reached.add(chain.decision()));
        assertThat(reached).containsExactlyInAnyOrder(RecoveryDecision.values());
    }

    /** A report says it: nobody is told of damage where there is none, or of none where there is. */
    @Test
    void isAboutDamage_isWhatChangedSomethingThatWasPromisedToSurvive() {
        assertThat(Arrays.stream(RecoveryDecision.values()).filter(RecoveryDecision::isAboutDamage)).containsExactlyInAnyOrder(RecoveryDecision.SKIP_DAMAGE,
                RecoveryDecision.PAD_DAMAGED_END, RecoveryDecision.KEEP_WHAT_IS_LEFT, RecoveryDecision.SKIP_UNREADABLE, RecoveryDecision.GO_ON_BEHIND_GAP,
                RecoveryDecision.REFUSE_CORRUPT);
        assertThat(Arrays.stream(RecoveryDecision.values()).map(RecoveryDecision::meaning)).doesNotHaveDuplicates().allSatisfy(each -> assertThat(each).isNotBlank());
    }
}
