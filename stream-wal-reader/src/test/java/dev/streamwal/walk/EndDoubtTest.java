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
        go(EndDoubt.NONE, new Signs(Set.of(), 0, false, POSITIONS + 1), 0, new ArrayList<>());
    }

    /**
     * @param seen the ends of records
     * @param seenTo the highest of them
     * @param sinceFrom where the records begin, at the lowest, that have come since others were seen
     */
    private record Signs(Set<Integer> seen, int seenTo, boolean mayBeMore, int sinceFrom) {

        Signs and(int end) {
            Set<Integer> more = new HashSet<>(seen);
            more.add(end);
            return new Signs(more, Math.max(end, seenTo), mayBeMore, sinceFrom);
        }
    }

    private static void go(EndDoubt doubt, Signs signs, int reached, List<Integer> steps) {
        for (int again = reached + 1; again <= POSITIONS + 1; again++) {
            int base = again;
            boolean isGap = signs.mayBeMore() || signs.sinceFrom() < again || signs.seen().stream().anyMatch(end -> end > reached && end <= base);
            assertThat(doubt.isCastOn(reached, base)).as("steps=%s, reached=%d, again=%d", steps, reached, base).isEqualTo(isGap);
            assertThat(doubt.lastEnd(base)).as("steps=%s", steps)
                    .isEqualTo(signs.seen().stream().filter(end -> end > reached && end <= base).mapToInt(end -> end).max().orElse(-1));
        }
        if (steps.size() == STEPS) {
            return;
        }
        for (int step = -1; step <= 2 * POSITIONS; step++) {
            steps.add(step);
            if (step == -1) {
                go(doubt.and(EndDoubt.MAY_BE_MORE_SINCE), new Signs(signs.seen(), signs.seenTo(), signs.mayBeMore(),
                        Math.min(signs.sinceFrom(), signs.seenTo())), reached, steps);
            } else if (step == 0) {
                go(doubt.and(EndDoubt.MAY_BE_MORE), new Signs(signs.seen(), signs.seenTo(), true, signs.sinceFrom()), reached, steps);
            } else if (step <= POSITIONS) {
                go(doubt.and(EndDoubt.seen(step)).behind(reached), signs.and(step), reached, steps);
            } else {
                int to = Math.max(reached, step - POSITIONS);
                go(doubt.behind(to), signs, to, steps);
            }
            steps.remove(steps.size() - 1);
        }
    }

    /** A stream's signs are gathered while its scan sleeps, and given to it together. */
    @Test
    void and_signsThatWereGathered_areAsOneByOne() {
        EndDoubt gathered = EndDoubt.MAY_BE_MORE_SINCE.and(EndDoubt.seen(9));
        assertThat(EndDoubt.seen(5).and(gathered).isCastOn(0, 4)).as("a record had been seen before that ends behind").isFalse();
        assertThat(EndDoubt.seen(5).and(gathered).isCastOn(5, 7)).isTrue();
        assertThat(EndDoubt.NONE.and(gathered).isCastOn(0, 4)).as("seen at the same look").isTrue();
        assertThat(EndDoubt.MAY_BE_MORE_SINCE.and(EndDoubt.seen(5)).and(gathered).isCastOn(0, 4)).as("doubted before").isTrue();
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
