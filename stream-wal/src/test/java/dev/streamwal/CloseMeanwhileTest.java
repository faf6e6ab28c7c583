package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The log is closed while another thread is in the middle of a call that changes its packs: nothing of that reaches the next writer's files. */
@Timeout(300)
class CloseMeanwhileTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path root;

    private final Events events = new Events();
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    private volatile Instant now = BEGIN;
    /** Runs whenever the log asks for the time. */
    private volatile Runnable asked = () -> {};

    private StreamWal open(Duration retention) {
        return open(retention, Duration.ZERO);
    }

    private StreamWal open(Duration retention, Duration interval) {
        WalOptions options = WalOptions.builder().window(WINDOW).retention(retention).sweepInterval(interval).listener(events).clock(() -> {
            asked.run();
            return now;
        }).ownSegments(0).streams("own/*", StreamOptions.builder().segments(Segments.OWN).build()).build();
        return StreamWal.open(root, options);
    }

    /** The program's thread stands still here until the test lets it go on. */
    private void stop() {
        reached.countDown();
        try {
            goOn.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Thread begun(Runnable call) throws InterruptedException {
        Thread thread = new Thread(() -> {
            try {
                call.run();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        thread.start();
        reached.await();
        return thread;
    }

    /** Closes the log while the thread stands still: that doesn't return before the thread goes on. */
    private void closeMeanwhile(StreamWal wal, Thread thread) throws InterruptedException {
        Thread closing = new Thread(wal::close);
        closing.start();
        while (closing.isAlive() && !isWaitingForOthers(closing)) {
            Thread.sleep(1);
        }
        assertThat(closing.isAlive()).as("close() waits for the other thread").isTrue();
        goOn.countDown();
        closing.join();
        thread.join();
    }

    private static boolean isWaitingForOthers(Thread closing) {
        Set<Thread.State> waiting = Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING, Thread.State.BLOCKED);
        return waiting.contains(closing.getState()) && Stream.of(closing.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("endThreads"));
    }

    private static boolean isIn(String type) {
        return StackWalker.getInstance().walk(frames -> frames.anyMatch(frame -> frame.getClassName().endsWith('.' + type)));
    }

    private Positions positions() throws IOException {
        return PositionsLayout.decode(Files.readAllBytes(root.resolve(PositionsLayout.FILE_NAME))).orElseThrow();
    }

    /** What is packed and what has a segment of its own expires: the thread stands still behind the first deletion of a segment. */
    @Test
    void close_whileAnotherThreadSweeps_itWritesNoPositionsAfterwards() throws Exception {
        StreamWal wal = open(Duration.ofMinutes(10));
        wal.stream("shared").append(new byte[100]);
        wal.stream("own/a").append(new byte[100]);
        now = now.plus(WINDOW.multipliedBy(2));
        assertThat(wal.pack()).isPositive();
        wal.stream("own/a").append(new byte[100]);
        wal.stream("own/b").append(new byte[100]);
        now = now.plus(WINDOW.multipliedBy(2));
        SweepResult unused = wal.sweep();
        Instant later = now.plus(Duration.ofDays(1));
        List<DeletedSegment> deleted = new ArrayList<>();
        Thread sweeping = begun(() -> {
            SweepResult unusedToo = wal.sweep(later, segment -> {
                deleted.add(segment);
                stop();
            });
        });
        Positions before = positions();
        closeMeanwhile(wal, sweeping);
        assertThat(deleted).isNotEmpty();
        assertThat(positions().isClosed(before.incarnation())).isTrue();
        try (StreamWal next = open(Duration.ofMinutes(10))) {
            EntryRef ref = next.stream("own/a").append(new byte[100]);
            assertThat(positions().incarnation()).isEqualTo(before.incarnation() + 1);
            assertThat(positions().isClosed(before.incarnation() + 1)).isFalse();
            assertThat(ref.position()).isGreaterThanOrEqualTo(before.start());
        }
    }

    /** The thread stands still between two packs that it writes in one step, under the exclusive lock. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void close_whileAnotherThreadPacks_packsNothingMore(boolean isInBackground) throws Exception {
        AtomicInteger runs = new AtomicInteger();
        List<EntryRef> refs = new ArrayList<>();
        StreamWal wal = open(Duration.ofDays(10), isInBackground ? Duration.ofMillis(10) : Duration.ZERO);
        for (int i = 0; i < 5; i++) {
            refs.add(wal.stream("s").append(now.minus(WINDOW.multipliedBy(5 - i)), new byte[100]));
        }
        asked = () -> {
            if (isIn("SharedPacker") && runs.incrementAndGet() == 3) {
                stop();
            }
        };
        now = now.plus(WINDOW.multipliedBy(5));
        Thread packing = begun(isInBackground ? () -> {} : wal::pack);
        closeMeanwhile(wal, packing);
        assertThat(runs).hasValue(3);
        assertEnded();
        assertHas(refs);
    }

    /** A merge holds no lock while it writes. */
    @Test
    void close_whileAnotherThreadMerges_waitsForIt() throws Exception {
        StreamWal wal = open(Duration.ofDays(10));
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            refs.add(wal.stream("s").append(new byte[100]));
            SweepResult unused = wal.sweep(now.plus(WINDOW));
        }
        long packs = wal.stats().packs();
        assertThat(packs).isEqualTo(3);
        now = now.plus(WINDOW.multipliedBy(10));
        AtomicInteger merges = new AtomicInteger();
        asked = () -> {
            if (isIn("Merger") && Stream.of(Thread.currentThread().getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("isMerged"))
                    && merges.incrementAndGet() == 1) {
                stop();
            }
        };
        Thread packing = begun(wal::pack);
        closeMeanwhile(wal, packing);
        assertThat(merges).hasValue(1);
        assertEnded();
        try (StreamWal next = open(Duration.ofDays(10))) {
            assertThat(next.stats().packs()).isEqualTo(packs);
        }
        assertHas(refs);
    }

    private void assertEnded() {
        Throwable failure = thrown.get();
        assertThat(failure == null || failure instanceof WalClosedException).as("what ended the call: %s", failure).isTrue();
        assertThat(events.failures).isEmpty();
    }

    private void assertHas(List<EntryRef> refs) {
        asked = () -> {};
        try (StreamWal next = open(Duration.ofDays(10))) {
            assertThat(next.pack()).isNotNegative();
            try (WalReader reader = next.reader(); EntryBatch batch = reader.readBatch(refs)) {
                for (int i = 0; i < refs.size(); i++) {
                    assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.FOUND);
                }
            }
        }
    }
}
