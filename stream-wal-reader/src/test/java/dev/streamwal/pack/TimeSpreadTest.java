package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.Window;
import dev.streamwal.segment.TimeRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the spread of a segment's timestamps says about ranges of time: never that a record isn't there which is, and seldom the opposite. */
class TimeSpreadTest {

    private static final long SEED = Long.getLong("seed", new Random().nextLong());

    private final Random random = new Random(SEED);

    private static long spread(Window window, List<Long> timestamps) {
        return timestamps.stream().mapToLong(each -> TimeSpread.of(window, each)).reduce(0, (a, b) -> a | b);
    }

    @Test
    void of_eachPartOfTime_hasABit() {
        Window window = new Window(1_000, 1_010);
        assertThat(TimeSpread.of(window, Long.MAX_VALUE)).isEqualTo(1);
        assertThat(TimeSpread.of(window, 1_010)).isEqualTo(1);
        assertThat(TimeSpread.of(window, 1_009)).isEqualTo(TimeSpread.IN_WINDOW);
        assertThat(TimeSpread.of(window, 1_000)).isEqualTo(TimeSpread.IN_WINDOW);
        for (int before = 0; before <= 60; before++) {
            assertThat(TimeSpread.of(window, 999 - 10L * before)).isEqualTo(1L << (before + 2));
            assertThat(TimeSpread.of(window, 990 - 10L * before)).isEqualTo(1L << (before + 2));
        }
        assertThat(TimeSpread.of(window, 389)).isEqualTo(1L << 63);
        assertThat(TimeSpread.of(window, Long.MIN_VALUE)).isEqualTo(1L << 63);
    }

    /** Every range of a small world, beside a model that knows all timestamps. */
    @Test
    void mayHave_everyRange_isTrueWhereARecordIs_andFalseWhereNoneIsNear() {
        for (int run = 0; run < 300; run++) {
            int length = 1 + random.nextInt(4);
            Window window = new Window(300, 300 + length);
            List<Long> timestamps = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                timestamps.add((long) random.nextInt(320));
            }
            long spread = spread(window, timestamps);
            for (int from = 0; from < 320; from += 1 + random.nextInt(3)) {
                for (int to = from; to <= 320; to += 1 + random.nextInt(9)) {
                    TimeRange range = new TimeRange(from, to);
                    boolean mayHave = TimeSpread.mayHave(spread, window, range);
                    if (timestamps.stream().anyMatch(range::contains)) {
                        assertThat(mayHave).as("seed=%s, window=%s, timestamps=%s, range=%s", SEED, window, timestamps, range).isTrue();
                    }
                    long first = from - length + 1L;
                    long last = to + length - 1L;
                    boolean isNear = from < to && timestamps.stream().anyMatch(each -> (each >= first && each < last)
                            || (each >= window.endMillis() && last > window.endMillis())
                            || (each < window.startMillis() - 61L * length && first < window.startMillis() - 61L * length));
                    if (!isNear) {
                        assertThat(mayHave).as("seed=%s, window=%s, timestamps=%s, range=%s", SEED, window, timestamps, range).isFalse();
                    }
                }
            }
        }
    }

    @Test
    void mayHave_anyTimesOfALong_isTrueWhereARecordIs() {
        for (int run = 0; run < 20_000; run++) {
            long start = random.nextLong() >> random.nextInt(64);
            long end = random.nextLong() >> random.nextInt(64);
            Window window = start == end ? new Window(0, 1) : new Window(Math.min(start, end), Math.max(start, end));
            long timestamp = random.nextBoolean() ? random.nextLong() : window.startMillis() - random.nextInt(1_000);
            long spread = TimeSpread.of(window, timestamp);
            TimeRange at = new TimeRange(timestamp, timestamp == Long.MAX_VALUE ? timestamp : timestamp + 1);
            assertThat(TimeSpread.mayHave(spread, window, at)).as("window=%s, timestamp=%s", window, timestamp).isTrue();
            assertThat(TimeSpread.mayHave(spread, window, TimeRange.ALL)).isTrue();
            assertThat(TimeSpread.mayHave(spread, window, new TimeRange(timestamp, timestamp))).isEqualTo(timestamp == Long.MAX_VALUE);
        }
    }
}
