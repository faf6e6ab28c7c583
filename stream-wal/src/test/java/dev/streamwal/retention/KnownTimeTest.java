package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class KnownTimeTest {

    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;
    private static final long NOW = 1_000_000 * HOUR;

    private final AtomicLong nanos = new AtomicLong(-5);
    private final KnownTime time = new KnownTime(NOW, HOUR, nanos::get);

    private void pass(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    @Test
    void millis_goesOnWithTheSteadyClock() {
        assertThat(time.millis()).isEqualTo(NOW);
        pass(90 * MINUTE);
        assertThat(time.millis()).isEqualTo(NOW + 90 * MINUTE);
        time.believe(NOW + 95 * MINUTE);
        pass(1);
        assertThat(time.millis()).isEqualTo(NOW + 95 * MINUTE + 1);
    }

    @Test
    void isAhead_beyondTheSkew() {
        assertThat(time.isAhead(NOW + HOUR, NOW)).isFalse();
        assertThat(time.isAhead(NOW + HOUR + 1, NOW)).isTrue();
        KnownTime exact = new KnownTime(NOW, 0, nanos::get);
        assertThat(exact.isAhead(NOW + MINUTE, NOW)).as("clocks are set back a little").isFalse();
        assertThat(exact.isAhead(NOW + MINUTE + 1, NOW)).isTrue();
    }

    @Test
    void isBehind_beyondTheSkew() {
        assertThat(time.isBehind(NOW - HOUR)).isFalse();
        assertThat(time.isBehind(NOW - HOUR - 1)).isTrue();
        pass(MINUTE);
        assertThat(time.isBehind(NOW - HOUR)).isTrue();
    }

    @Test
    void believe_aClockThatIsBehind_onlyOnceItHasBeenForADay() {
        time.believe(NOW - 30 * HOUR);
        assertThat(time.millis()).isEqualTo(NOW);
        pass(23 * HOUR);
        time.believe(NOW - 7 * HOUR);
        assertThat(time.millis()).isEqualTo(NOW + 23 * HOUR);
        pass(HOUR);
        time.believe(NOW - 6 * HOUR);
        assertThat(time.millis()).isEqualTo(NOW - 6 * HOUR);
        assertThat(time.isBehind(NOW - 6 * HOUR)).isFalse();
    }

    @Test
    void believe_aClockThatWasRightInBetween_countsFromTheBeginning() {
        time.believe(NOW - 30 * HOUR);
        pass(23 * HOUR);
        time.believe(NOW + 23 * HOUR);
        time.believe(NOW - 7 * HOUR);
        pass(23 * HOUR);
        time.believe(NOW + 16 * HOUR);
        assertThat(time.millis()).isEqualTo(NOW + 46 * HOUR);
    }

    @Test
    void unknown_noClockIsAheadOrBehind() {
        KnownTime unknown = KnownTime.unknown();
        for (long now : new long[] {Long.MIN_VALUE, -NOW, 0, NOW, Long.MAX_VALUE}) {
            assertThat(unknown.isAhead(StreamPolicy.MAX_TIMESTAMP_MILLIS, Math.max(now, StreamPolicy.MIN_TIMESTAMP_MILLIS))).isFalse();
            assertThat(unknown.isBehind(now)).isFalse();
        }
    }

    @Test
    void plus_endsWithTime() {
        assertThat(KnownTime.plus(Long.MAX_VALUE - 5, 5)).isEqualTo(Long.MAX_VALUE);
        assertThat(KnownTime.plus(Long.MAX_VALUE - 5, 6)).isEqualTo(Long.MAX_VALUE);
        assertThat(KnownTime.plus(Long.MIN_VALUE, Long.MAX_VALUE)).isEqualTo(-1);
    }
}
