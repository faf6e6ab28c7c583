package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class ReadThreadsTest {

    private static final int THREADS = 4;

    private static List<Runnable> times(int count, Runnable part) {
        return IntStream.range(0, count).<Runnable>mapToObj(i -> part).toList();
    }

    private static void pass(CyclicBarrier barrier) {
        try {
            int unused = barrier.await(300, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Each part waits until as many run as there are threads: more would be one too many, fewer would not end. */
    @Test
    void run_parts_runOnTheCallerAndOnTheThreads() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        CyclicBarrier all = new CyclicBarrier(THREADS);
        try (ReadThreads threads = new ReadThreads(THREADS)) {
            threads.run(times(THREADS * 3, () -> {
                seen.add(Thread.currentThread());
                pass(all);
            }));
        }
        assertThat(seen).hasSize(THREADS).contains(Thread.currentThread());
        seen.remove(Thread.currentThread());
        assertThat(seen).allSatisfy(thread -> {
            assertThat(thread.getName()).startsWith("stream-wal-read-");
            assertThat(thread.isDaemon()).isTrue();
            // close() has waited for it
            assertThat(thread.isAlive()).isFalse();
        });
    }

    @Test
    void run_oneAtATime_isOnTheCaller() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        try (ReadThreads threads = new ReadThreads(1)) {
            assertThat(threads.isParallel()).isFalse();
            threads.run(times(10, () -> seen.add(Thread.currentThread())));
        }
        assertThat(seen).containsExactly(Thread.currentThread());
    }

    /** The last part fails first, on any thread; then the first one does. */
    @Test
    void run_severalPartsFail_theFirstOnesFailureIsThrownWhenAllHaveEnded() {
        CountDownLatch lastHasFailed = new CountDownLatch(1);
        AtomicInteger ended = new AtomicInteger();
        List<Runnable> parts = List.of(
                () -> {
                    await(lastHasFailed);
                    ended.incrementAndGet();
                    throw new IllegalStateException("first");
                },
                () -> {
                    await(lastHasFailed);
                    ended.incrementAndGet();
                },
                () -> {
                    lastHasFailed.countDown();
                    throw new IllegalStateException("last");
                });
        try (ReadThreads threads = new ReadThreads(3)) {
            assertThatThrownBy(() -> threads.run(parts)).isInstanceOf(IllegalStateException.class).hasMessage("first");
            assertThat(ended).hasValue(2);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(300, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void run_aPartFails_thoseBehindItDoNotRun() {
        AtomicInteger ran = new AtomicInteger();
        List<Runnable> parts = IntStream.range(0, 100).<Runnable>mapToObj(i -> () -> {
            ran.incrementAndGet();
            throw new IllegalStateException("part " + i);
        }).toList();
        try (ReadThreads threads = new ReadThreads(1)) {
            assertThatThrownBy(() -> threads.run(parts)).hasMessage("part 0");
        }
        assertThat(ran).hasValue(1);
    }

    @Test
    void run_interrupted_runsAllAndKeepsTheInterrupt() {
        AtomicInteger ran = new AtomicInteger();
        try (ReadThreads threads = new ReadThreads(THREADS)) {
            Thread.currentThread().interrupt();
            threads.run(times(100, ran::incrementAndGet));
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(ran).hasValue(100);
    }

    /** What a thread reads from may answer no more. */
    @Test
    void close_aPartHangs_endsWithoutIt() {
        CountDownLatch isRunning = new CountDownLatch(2);
        CountDownLatch answers = new CountDownLatch(1);
        ReadThreads threads = new ReadThreads(2);
        Thread asking = new Thread(() -> threads.run(times(2, () -> {
            isRunning.countDown();
            await(answers);
        })));
        asking.start();
        await(isRunning);
        threads.close(50);
        assertThat(asking.isAlive()).isTrue();
        answers.countDown();
    }

    @Test
    void run_afterClose_isOnTheCaller() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        ReadThreads threads = new ReadThreads(THREADS);
        threads.close();
        threads.close();
        threads.run(times(10, () -> seen.add(Thread.currentThread())));
        assertThat(seen).containsExactly(Thread.currentThread());
    }
}
