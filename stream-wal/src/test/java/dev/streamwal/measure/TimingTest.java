package dev.streamwal.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimingTest {

    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final Timing timing = new Timing(0);

    @Test
    void add_countsAndSums() {
        timing.add(3, 10);
        timing.add(5, 20);
        assertThat(timing.count()).isEqualTo(2);
        assertThat(timing.totalNanos()).isEqualTo(8);
    }

    @Test
    void longest_isThatOfTheLastMinuteAndTheOneBefore() {
        timing.add(9, 10);
        timing.add(5, 20);
        assertThat(timing.longestNanos(30)).isEqualTo(9);
        timing.add(4, MINUTE + 10);
        assertThat(timing.longestNanos(MINUTE + 20)).as("of the window before").isEqualTo(9);
        timing.add(2, 2 * MINUTE + 20);
        assertThat(timing.longestNanos(2 * MINUTE + 30)).isEqualTo(4);
        assertThat(timing.longestNanos(3 * MINUTE + 40)).isEqualTo(2);
        assertThat(timing.longestNanos(4 * MINUTE + 50)).isZero();
        assertThat(timing.count()).isEqualTo(4);
    }

    @Test
    void longest_afterARest_isNothing() {
        timing.add(9, 10);
        assertThat(timing.longestNanos(2 * MINUTE + 10)).isZero();
    }
}
