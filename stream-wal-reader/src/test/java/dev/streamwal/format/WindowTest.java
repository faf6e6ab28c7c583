package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WindowTest {

    private final Random random = Seeds.random();

    @Test
    void containing_edges_startInclusiveEndExclusive() {
        assertThat(Window.containing(0, 1_000)).isEqualTo(new Window(0, 1_000));
        assertThat(Window.containing(999, 1_000)).isEqualTo(new Window(0, 1_000));
        assertThat(Window.containing(1_000, 1_000)).isEqualTo(new Window(1_000, 2_000));
        assertThat(Window.containing(5, 1)).isEqualTo(new Window(5, 6));
    }

    @Test
    void containing_beforeTheEpoch_roundsDown() {
        assertThat(Window.containing(-1, 1_000)).isEqualTo(new Window(-1_000, 0));
        assertThat(Window.containing(-1_000, 1_000)).isEqualTo(new Window(-1_000, 0));
        assertThat(Window.containing(-1_001, 1_000)).isEqualTo(new Window(-2_000, -1_000));
    }

    @Test
    void containing_anyTimestamp_isTheAlignedWindowOrItsRestWithinALong() {
        for (int i = 0; i < 50_000; i++) {
            long length = Math.max(1, random.nextLong() >>> (1 + random.nextInt(63)));
            long timestamp = switch (random.nextInt(4)) {
                case 0 -> Long.MIN_VALUE + (random.nextLong() >>> (1 + random.nextInt(63)));
                case 1 -> Long.MAX_VALUE - 1 - (random.nextLong() >>> (2 + random.nextInt(62)));
                default -> random.nextLong() >> random.nextInt(64);
            };
            if (timestamp == Long.MAX_VALUE) {
                continue;
            }

            Window window = Window.containing(timestamp, length);

            BigInteger given = BigInteger.valueOf(timestamp);
            BigInteger start = given.subtract(given.mod(BigInteger.valueOf(length)));
            BigInteger end = start.add(BigInteger.valueOf(length));
            assertThat(window.contains(timestamp)).as("%d, %d", timestamp, length).isTrue();
            assertThat(window.startMillis()).isEqualTo(start.max(BigInteger.valueOf(Long.MIN_VALUE)).longValueExact());
            assertThat(window.endMillis()).isEqualTo(end.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact());
        }
    }

    @Test
    void containing_theLastTimestamp_getsTheLastWindow() {
        for (long length : new long[] {1, 7, 1_000, 600_000, Long.MAX_VALUE}) {
            assertThat(Window.containing(Long.MAX_VALUE, length).endMillis()).isEqualTo(Long.MAX_VALUE);
        }
    }

    @Test
    void containing_noLength_isRefused() {
        for (long length : new long[] {0, -1, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> Window.containing(5, length))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lengthMillis=" + length);
        }
    }

    @Test
    void window_emptyOrBackwards_isRefused() {
        assertThatThrownBy(() -> new Window(5, 5)).hasMessageContaining("start=5");
        assertThatThrownBy(() -> new Window(6, 5)).hasMessageContaining("end=5");
    }

    @Test
    void contains_isFromTheStartToBeforeTheEnd() {
        Window window = new Window(10, 20);
        assertThat(window.contains(9)).isFalse();
        assertThat(window.contains(10)).isTrue();
        assertThat(window.contains(19)).isTrue();
        assertThat(window.contains(20)).isFalse();
    }
}
