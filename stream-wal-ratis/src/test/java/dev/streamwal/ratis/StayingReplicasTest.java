package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ratis.ReplicaStatus.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** When a replica may be taken out, over all that up to three replicas may say. */
class StayingReplicasTest {

    private static final List<String> NAMES = List.of("n0", "n1", "n2");

    private static ReplicaStatus said(String name, Role role, long applied, boolean isDamaged) {
        return new ReplicaStatus(0, name, role, applied, -1, Instant.EPOCH, 0, 0, Duration.ZERO, 0, isDamaged, false);
    }

    private static List<ReplicaStatus> answers(String name) {
        List<ReplicaStatus> all = new ArrayList<>();
        all.add(ReplicaStatus.noAnswer(0, name));
        for (Role role : List.of(Role.LEADER, Role.FOLLOWER)) {
            for (long applied : new long[] {-1, 6, 7, 8}) {
                all.add(said(name, role, applied, false));
                all.add(said(name, role, applied, true));
            }
        }
        return all;
    }

    @Test
    void objection_isThere_unlessEachThatStaysIsWhole_andHasWhatIsNeeded() {
        int cases = 0;
        for (ReplicaStatus first : answers("n0")) {
            for (ReplicaStatus second : answers("n1")) {
                for (ReplicaStatus third : answers("n2")) {
                    for (int staying = 1; staying < 8; staying++) {
                        int chosen = staying;
                        List<ReplicaStatus> all = List.of(first, second, third);
                        List<String> names = NAMES.stream().filter(name -> (chosen & 1 << NAMES.indexOf(name)) != 0).toList();
                        boolean isAllowed = all.stream().filter(each -> names.contains(each.replica()))
                                .allMatch(each -> each.role() != Role.NO_ANSWER && each.appliedIndex() >= 7 && !each.isDamaged());
                        assertThat(StayingReplicas.objection(all, names, OptionalLong.of(7)).isEmpty()).as("%s of %s", names, all).isEqualTo(isAllowed);
                        assertThat(StayingReplicas.objection(all, names, OptionalLong.empty())).isPresent();
                        cases++;
                    }
                }
            }
        }
        assertThat(cases).isEqualTo(17 * 17 * 17 * 7);
    }

    @Test
    void objection_toOneThatHasAppliedNothingYet_isThere_whereALeaderHasAnything() {
        List<ReplicaStatus> all = List.of(said("n0", Role.LEADER, 0, false), said("n1", Role.FOLLOWER, -1, false));
        assertThat(StayingReplicas.objection(all, List.of("n1"), StayingReplicas.needed(all))).hasValueSatisfying(
                said -> assertThat(said).contains("replica=n1, applied=-1, needed=0"));
    }

    @Test
    void needed_isWhatALeaderHasApplied_andUnknownWithoutOne() {
        assertThat(StayingReplicas.needed(List.of(said("n0", Role.FOLLOWER, 9, false), said("n1", Role.LEADER, 7, false)))).hasValue(7);
        assertThat(StayingReplicas.needed(List.of(said("n0", Role.LEADER, 3, false), said("n1", Role.LEADER, 7, false)))).as("one of them was cut off").hasValue(7);
        assertThat(StayingReplicas.needed(List.of(said("n0", Role.FOLLOWER, 9, false), ReplicaStatus.noAnswer(0, "n1")))).isEmpty();
    }
}
