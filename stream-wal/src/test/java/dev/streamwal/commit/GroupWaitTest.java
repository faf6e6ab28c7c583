package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GroupWaitTest {

    private static final long FLUSH_NANOS = 100_000;

    private final GroupWait wait = new GroupWait();

    @Test
    void nanos_nothingFlushedYet_isZero() {
        for (int present = 0; present < 100; present++) {
            assertThat(wait.nanos(present)).isZero();
        }
    }

    @Test
    void nanos_anyNumbers_waitsForMostOfThem() {
        for (int threads = 0; threads < 2 * GroupWait.MAX_THREADS; threads++) {
            for (int present = 0; present < 2 * GroupWait.MAX_THREADS; present++) {
                wait.flushed(threads, FLUSH_NANOS);
                boolean areTooFew = present > 0 && present < threads - threads / 8 && threads <= GroupWait.MAX_THREADS;
                assertThat(wait.nanos(present)).as("%d of %d", present, threads).isEqualTo(areTooFew ? FLUSH_NANOS : 0);
            }
        }
    }

    @Test
    void nanos_flushTookLong_isTheLimit() {
        wait.flushed(2, GroupWait.MAX_NANOS + 1);
        assertThat(wait.nanos(1)).isEqualTo(GroupWait.MAX_NANOS);
    }

    @Test
    void waited_mostOfThemCome_waitsEachTime() {
        for (int threads = 2; threads <= GroupWait.MAX_THREADS; threads++) {
            for (int i = 0; i < 100; i++) {
                wait.flushed(threads, FLUSH_NANOS);
                assertThat(wait.nanos(1)).isEqualTo(FLUSH_NANOS);
                assertThat(wait.threads()).isEqualTo(threads - threads / 8);
                wait.waited(wait.threads());
            }
        }
    }

    @Test
    void waited_nobodyComes_waitsEverMoreSeldom() {
        assertThat(flushesBetweenWaits(10, false)).containsExactly(0, 2, 6, 14, 30, 62, 63, 63, 63, 63);
    }

    @Test
    void waited_theyComeAgain_waitsMoreOftenAgain() {
        List<Integer> unused = flushesBetweenWaits(5, false);
        assertThat(flushesBetweenWaits(64, true)).startsWith(62, 61, 60).endsWith(1, 0, 0);
    }

    /** Threads that come half of the times: as if they never came. */
    @Test
    void waited_everySecondTimeInVain_waitsSeldom() {
        List<Integer> between = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            between.addAll(flushesBetweenWaits(1, i % 2 == 0));
        }
        assertThat(between.subList(20, 50)).allMatch(flushes -> flushes >= GroupWait.MAX_PASSED_OVER - 1);
    }

    /** How many flushes had no wait before each of the next waits. */
    private List<Integer> flushesBetweenWaits(int waits, boolean isComing) {
        List<Integer> between = new ArrayList<>();
        while (between.size() < waits) {
            int without = 0;
            wait.flushed(8, FLUSH_NANOS);
            while (wait.nanos(1) == 0) {
                without++;
                assertThat(without).isLessThanOrEqualTo(GroupWait.MAX_PASSED_OVER);
                wait.flushed(8, FLUSH_NANOS);
            }
            wait.waited(isComing ? 8 : 2);
            between.add(without);
        }
        return between;
    }
}
