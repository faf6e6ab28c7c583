package dev.streamwal.examples.analytics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is kept of the last minute, and that it is no more. */
class RollingMinuteTest {

    private final RollingMinute minute = new RollingMinute();

    /** Nobody looks at the page in between. */
    @Test
    void add_forgetsWhatIsOlderThanAMinute() {
        minute.add(0, 1);
        minute.add(100_000, 2);
        assertThat(minute.whole(0).count()).isZero();
        assertThat(minute.whole(100).count()).isEqualTo(1);
    }

    @Test
    void whole_hasSixtySeconds_upToTheLastOneThatIsOver() {
        for (int second = 0; second <= 60; second++) {
            minute.add(second * 1_000L, second);
        }
        assertThat(minute.whole(59).count()).isEqualTo(60);
        assertThat(minute.whole(60).count()).isEqualTo(60);
        assertThat(minute.bySecond(59)).extracting(RollingMinute.Summary::count).containsOnly(1).hasSize(60);
    }
}
