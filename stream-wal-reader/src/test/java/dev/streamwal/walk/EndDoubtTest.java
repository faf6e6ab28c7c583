package dev.streamwal.walk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndDoubtTest {

    private static final int POSITIONS = 5;
    private static final int STEPS = 4;

    /** All short histories of signs and of reading on, compared with what a list of all signs says. */
    @Test
    void isCastOn_allShortHistories_isWhatTheSignsSay() {
        List<Integer> steps = new ArrayList<>();
        go(EndDoubt.NONE, new HashSet<>(), false, 0, steps);
    }

    private static void go(EndDoubt doubt, Set<Integer> seen, boolean mayBeMore, int reached, List<Integer> steps) {
        for (int again = reached; again <= POSITIONS + 1; again++) {
            int base = again;
            boolean isGap = mayBeMore || seen.stream().anyMatch(end -> end > reached && end <= base);
            assertThat(doubt.isCastOn(reached, base)).as("steps=%s, reached=%d, again=%d", steps, reached, base).isEqualTo(isGap);
            assertThat(doubt.lastEnd(base)).as("steps=%s", steps)
                    .isEqualTo(seen.stream().filter(end -> end > reached && end <= base).mapToInt(end -> end).max().orElse(-1));
        }
        if (steps.size() == STEPS) {
            return;
        }
        for (int step = 0; step <= 2 * POSITIONS; step++) {
            steps.add(step);
            if (step == 0) {
                go(doubt.and(EndDoubt.MAY_BE_MORE), seen, true, reached, steps);
            } else if (step <= POSITIONS) {
                Set<Integer> more = new HashSet<>(seen);
                more.add(step);
                go(doubt.and(EndDoubt.seen(step)).behind(reached), more, mayBeMore, reached, steps);
            } else {
                int to = Math.max(reached, step - POSITIONS);
                go(doubt.behind(to), seen, mayBeMore, to, steps);
            }
            steps.remove(steps.size() - 1);
        }
    }

    @Test
    void and_moreSignsThanItKeeps_thereMayBeMore() {
        EndDoubt doubt = EndDoubt.NONE;
        for (int end = 1; end <= 16; end++) {
            doubt = doubt.and(EndDoubt.seen(10L * end));
        }
        assertThat(doubt.isCastOn(0, 9)).isFalse();
        assertThat(doubt.and(EndDoubt.seen(165)).isCastOn(0, 9)).isTrue();
        assertThat(doubt.and(EndDoubt.seen(10)).isCastOn(0, 9)).as("a sign that it has").isFalse();
    }
}
