package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private static List<Long> attempts(Backoff backoff, long from, long to, boolean fails) {
        List<Long> attempts = new ArrayList<>();
        for (long now = from; now < to; now++) {
            if (backoff.isDue(now)) {
                attempts.add(now);
                if (fails) {
                    backoff.failed(now);
                } else {
                    backoff.succeeded();
                }
            }
        }
        return attempts;
    }

    @Test
    void isDue_whatFailsAlways_isTriedEverMoreRarelyUpToALimit() {
        assertThat(attempts(new Backoff(1), 0, 320, true)).containsExactly(0L, 1L, 3L, 7L, 15L, 31L, 63L, 127L, 191L, 255L, 319L);
    }

    /** The clock for intervals begins anywhere. */
    @Test
    void isDue_clockThatOverflows_isNoDifferent() {
        assertThat(attempts(new Backoff(10), Long.MAX_VALUE - 5, Long.MAX_VALUE, true)).hasSize(1);
        Backoff backoff = new Backoff(10);
        backoff.failed(Long.MAX_VALUE - 5);
        assertThat(backoff.isDue(Long.MAX_VALUE)).isFalse();
        assertThat(backoff.isDue(Long.MIN_VALUE + 3)).isFalse();
        assertThat(backoff.isDue(Long.MIN_VALUE + 4)).isTrue();
    }

    @Test
    void isDue_behindASuccess_isAtEachInterval() {
        Backoff backoff = new Backoff(8);
        List<Long> unused = attempts(backoff, 0, 100, true);
        assertThat(attempts(backoff, 1_000, 1_003, false)).containsExactly(1_000L, 1_001L, 1_002L);
        backoff.failed(2_000);
        assertThat(attempts(backoff, 2_000, 2_010, false)).containsExactly(2_008L, 2_009L);
    }
}
