package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SharedLogTest {

    private static final long MIB = 1 << 20;

    @Test
    void delayNanos_littleWaits_nobodyIsHeldUp() {
        assertThat(SharedLog.delayNanos(0, 1 << 20)).isZero();
        assertThat(SharedLog.delayNanos(SharedLog.UNHURRIED_BYTES, 1 << 20)).isZero();
    }

    /** Without a jump anywhere: from one MiB to the next it grows by a sixteenth at most. */
    @Test
    void delayNanos_moreAndMoreWaits_growsSmoothlyUpToALimit() {
        int bytes = 1 << 10;
        long before = SharedLog.delayNanos(SharedLog.UNHURRIED_BYTES + 1, bytes);
        assertThat(before).isBetween(900L, 1_100L);
        for (long over = 1; over < 4_096; over++) {
            long now = SharedLog.delayNanos(SharedLog.UNHURRIED_BYTES + over * MIB, bytes);
            assertThat(now).isBetween(before, before + before / 16);
            before = now;
        }
        // a KiB in 33 ms: whoever packs has caught up long before
        assertThat(before).isEqualTo(TimeUnit.MICROSECONDS.toNanos(2 << 14));
    }

    @Test
    void delayNanos_largeRecord_waitsATenthOfASecondAtMost() {
        assertThat(SharedLog.delayNanos(Long.MAX_VALUE, 1 << 20)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
        assertThat(SharedLog.delayNanos(Long.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
    }

    /** An interrupted thread doesn't wait: what it would have waited for doesn't add up to minutes, which one append then takes. */
    @Test
    void owes_byAThreadThatNeverWaits_isWhatOneAppendMayTakeAtMost() {
        AppendScratch scratch = new AppendScratch();
        for (int i = 0; i < 600; i++) {
            assertThat(scratch.owes(SharedLog.MAX_DELAY_NANOS)).isTrue();
        }
        long begun = System.nanoTime();
        while (scratch.owes(0) && System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(30)) {
            scratch.waitOff(); // which may end early, as a thread's waiting may
        }
        assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.SECONDS.toNanos(30));
        assertThat(scratch.owes(0)).as("nothing is left").isFalse();
    }
}
