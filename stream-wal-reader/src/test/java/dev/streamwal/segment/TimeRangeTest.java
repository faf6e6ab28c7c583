package dev.streamwal.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class TimeRangeTest {

    @Test
    void contains_bounds_fromIsInAndToIsOut() {
        TimeRange range = TimeRange.of(Instant.ofEpochMilli(10), Instant.ofEpochMilli(20));
        assertThat(range.contains(9)).isFalse();
        assertThat(range.contains(10)).isTrue();
        assertThat(range.contains(19)).isTrue();
        assertThat(range.contains(20)).isFalse();
    }

    @Test
    void contains_boundsBetweenMilliseconds_areExact() {
        TimeRange range = TimeRange.of(Instant.ofEpochMilli(10).plusNanos(1), Instant.ofEpochMilli(20).plusNanos(1));
        assertThat(range.contains(10)).isFalse();
        assertThat(range.contains(20)).isTrue();
        assertThat(range.contains(21)).isFalse();
    }

    @Test
    void of_extremes_isAll() {
        TimeRange range = TimeRange.of(Instant.MIN, Instant.MAX);
        assertThat(range.isAll()).isTrue();
        assertThat(range.contains(Long.MIN_VALUE)).isTrue();
        assertThat(range.contains(Long.MAX_VALUE)).isTrue();
    }

    @Test
    void of_endBeforeStart_isRefused() {
        assertThatThrownBy(() -> TimeRange.of(Instant.EPOCH, Instant.EPOCH.minusNanos(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ends before its start");
    }

    @Test
    void contains_emptyRange_hasNothing() {
        TimeRange range = TimeRange.of(Instant.EPOCH, Instant.EPOCH);
        assertThat(range.contains(0)).isFalse();
    }
}
