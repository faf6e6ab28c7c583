package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadPaceTest {

    private static final int SMALL = 160;
    private static final int LOOKED_AT = ReadPace.LOOK_EVERY * ReadPace.SLOW_LOOKS;

    private final long[] nanos = {0};
    private final ReadPace pace = new ReadPace(() -> nanos[0]);

    /** Number of the first read after which the pace is slow, from 1; 0 where it never is. */
    private int firstSlow(int reads, int bytes, long nanosEach) {
        for (int read = 1; read <= reads; read++) {
            nanos[0] += nanosEach;
            if (pace.isSlow(bytes)) {
                return read;
            }
        }
        return 0;
    }

    @Test
    void isSlow_readsFromMemory_areNot() {
        assertThat(firstSlow(1_000, SMALL, 1_000)).isZero();
    }

    @Test
    void isSlow_readsFromTheDisk_areAfterAFew() {
        assertThat(firstSlow(1_000, SMALL, 50_000)).isEqualTo(LOOKED_AT);
    }

    @Test
    void isSlow_largeReadsFromMemory_areNot() {
        assertThat(firstSlow(100, 1 << 20, 500_000)).isZero();
    }

    @Test
    void isSlow_readsBecomeSlow_areAfterAFew() {
        assertThat(firstSlow(ReadPace.LOOK_EVERY * 10, SMALL, 1_000)).isZero();
        assertThat(firstSlow(1_000, SMALL, 50_000)).isEqualTo(LOOKED_AT);
    }

    @Test
    void isSlow_theThreadWaitsForAProcessorNowAndThen_isNot() {
        for (int i = 0; i < 10; i++) {
            assertThat(firstSlow(1, SMALL, 10_000_000)).isZero();
            assertThat(firstSlow(2 * ReadPace.LOOK_EVERY, SMALL, 1_000)).isZero();
        }
    }

    @Test
    void isSlow_unjudged_isNot() {
        ReadPace unjudged = ReadPace.unjudged();
        for (int read = 0; read < 1_000; read++) {
            assertThat(unjudged.isSlow(0)).isFalse();
        }
    }
}
