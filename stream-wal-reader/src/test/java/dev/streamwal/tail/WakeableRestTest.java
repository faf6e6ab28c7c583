package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class WakeableRestTest {

    private static final long FOR_EVER = Long.MAX_VALUE;

    @Test
    void rest_nobodyWakes_endsWithTheTime() throws InterruptedException {
        assertThat(new WakeableRest().rest(1_000)).isFalse();
        assertThat(new WakeableRest().rest(0)).isFalse();
        assertThat(new WakeableRest().rest(-1)).isFalse();
    }

    @Test
    void rest_wokenBefore_endsAtOnceAndOnce() throws InterruptedException {
        WakeableRest rest = new WakeableRest();
        rest.wakeup();
        rest.wakeup();
        assertThat(rest.rest(FOR_EVER)).isTrue();
        assertThat(rest.rest(1_000)).isFalse();
        rest.wakeup();
        assertThat(rest.rest(0)).isTrue();
    }

    /** The place where a wakeup would be lost: behind the last look at whether somebody woke, before the thread is parked. */
    @Test
    void rest_wokenBetweenTheLastLookAndThePark_endsAtOnce() throws InterruptedException {
        WakeableRest rest = new WakeableRest() {
            @Override
            void park(long nanos) {
                wakeup();
                super.park(nanos);
            }
        };
        assertThat(rest.rest(FOR_EVER)).isTrue();
        assertThat(rest.rest(0)).isFalse();
    }

    @Test
    void rest_parkReturnsForNoReason_goesOn() throws InterruptedException {
        AtomicInteger parks = new AtomicInteger();
        WakeableRest rest = new WakeableRest() {
            @Override
            void park(long nanos) {
                if (parks.incrementAndGet() == 10) {
                    wakeup();
                }
            }
        };
        assertThat(rest.rest(FOR_EVER)).isTrue();
        assertThat(parks).hasValue(10);
    }

    @Test
    void rest_interrupted_saysSoAndKeepsAWakeup() throws InterruptedException {
        WakeableRest rest = new WakeableRest() {
            @Override
            void park(long nanos) {
                Thread.currentThread().interrupt();
            }
        };
        assertThatThrownBy(() -> rest.rest(FOR_EVER)).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        rest.wakeup();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> rest.rest(0)).isInstanceOf(InterruptedException.class);
        assertThat(rest.rest(0)).isTrue();
    }

    @Test
    void wakeup_manyRoundsBetweenTwoThreads_noneIsLost() throws InterruptedException {
        WakeableRest here = new WakeableRest();
        WakeableRest there = new WakeableRest();
        int rounds = 20_000;
        Thread other = new Thread(() -> {
            try {
                for (int i = 0; i < rounds; i++) {
                    there.rest(FOR_EVER);
                    here.wakeup();
                }
            } catch (InterruptedException e) {
                LockSupport.unpark(Thread.currentThread());
            }
        }, "other end");
        other.start();
        for (int i = 0; i < rounds; i++) {
            there.wakeup();
            assertThat(here.rest(FOR_EVER)).isTrue();
        }
        other.join();
    }
}
