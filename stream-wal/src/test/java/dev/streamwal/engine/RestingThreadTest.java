package dev.streamwal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class RestingThreadTest {

    @Test
    void run_workThrows_beginsAgainAndEndsWhenStopped() throws InterruptedException {
        AtomicInteger passes = new AtomicInteger();
        CountDownLatch third = new CountDownLatch(1);
        AtomicReference<RestingThread> thread = new AtomicReference<>();
        thread.set(new RestingThread("stream-wal-resting-test", () -> {
            while (thread.get().rest(1)) {
                if (passes.incrementAndGet() < 3) {
                    throw new OutOfMemoryError("made by the test");
                }
                third.countDown();
            }
        }));
        thread.get().start();
        third.await();
        thread.get().stop();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).doesNotContain("stream-wal-resting-test");
    }

    @Test
    void stop_workAlwaysThrows_ends() {
        RestingThread thread = new RestingThread("stream-wal-resting-test", () -> {
            throw new OutOfMemoryError("made by the test");
        });
        thread.start();
        thread.stop();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).doesNotContain("stream-wal-resting-test");
    }
}
