package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class GatheringTest {

    private static final long LONG_NANOS = TimeUnit.DAYS.toNanos(1);

    private final Gathering gathering = new Gathering(new GroupWait(LONG_NANOS));
    private final Thread leader = new Thread(gathering::await);

    /** So many threads were there, and none is now. */
    private void flushed(int threads, long nanos) {
        for (int i = 0; i < threads; i++) {
            gathering.arrived();
        }
        gathering.flushed(nanos);
        for (int i = 0; i < threads; i++) {
            gathering.answered();
        }
    }

    private void startToLead() {
        gathering.arrived();
        leader.start();
        while (leader.getState() != Thread.State.TIMED_WAITING) {
            assertThat(leader.isAlive()).as("it waits for others").isTrue();
            Thread.onSpinWait();
        }
    }

    @Test
    void await_theOthersCome_ends() throws InterruptedException {
        flushed(3, LONG_NANOS);
        startToLead();
        gathering.arrived();
        assertThat(leader.isAlive()).isTrue();
        gathering.arrived();
        leader.join();
    }

    @Test
    void await_allAreThere_waitsForNobody() {
        flushed(2, LONG_NANOS);
        gathering.arrived();
        gathering.arrived();
        gathering.await();
    }

    @Test
    void await_nobodyComes_endsAfterAsLongAsAFlush() {
        flushed(2, 1_000_000);
        gathering.arrived();
        long begin = System.nanoTime();
        gathering.await();
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(1_000_000);
    }

    /** Of eight threads one stays away: the time isn't over when seven are there. */
    @Test
    void await_mostOfTheOthersCome_ends() throws InterruptedException {
        flushed(8, LONG_NANOS);
        startToLead();
        for (int i = 0; i < 6; i++) {
            assertThat(leader.isAlive()).isTrue();
            gathering.arrived();
        }
        leader.join();
    }

    @Test
    void await_virtualThread_waitsForNobody() throws Exception {
        assumeTrue(Runtime.version().feature() >= 21, "virtual threads are there from JDK 21 on");
        flushed(2, LONG_NANOS);
        gathering.arrived();
        Thread virtual = (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, (Runnable) gathering::await);
        virtual.join();
    }

    @Test
    void await_interrupted_endsAndKeepsThat() {
        flushed(2, LONG_NANOS);
        gathering.arrived();
        Thread.currentThread().interrupt();
        gathering.await();
        assertThat(Thread.interrupted()).isTrue();
    }
}
