package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.ListenerThread;
import dev.streamwal.error.WalClosedException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program may close the log as soon as it hears of something, on the thread that tells it. */
@Timeout(300)
class CloseFromListenerTest {

    @TempDir
    Path root;

    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch closedByListener = new CountDownLatch(1);
    private final Thread test = Thread.currentThread();
    private volatile boolean another;

    private StreamWal open() {
        StreamWal[] wal = new StreamWal[1];
        wal[0] = StreamWal.open(root, WalOptions.builder().window(Duration.ofDays(1)).retention(Duration.ofDays(1_000))
                .sweepInterval(Duration.ZERO).listener(new WalListener() {
            @Override
            public void onSealed(SealedSegment segment) {
                told.countDown();
                if (another) {
                    LogContract.await("the other one is in close(), and waits for this thread", CloseFromListenerTest.this::isAwaitingTheListener);
                }
                wal[0].close();
                closedByListener.countDown();
            }
        }).build());
        return wal[0];
    }

    private boolean isAwaitingTheListener() {
        return Stream.of(test.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(ListenerThread.class.getName()) && frame.getMethodName().equals("end"));
    }

    private void seal(StreamWal wal) {
        wal.stream("stream").append(new byte[10]);
        Instant windowIsOver = Instant.now().plus(Duration.ofDays(2));
        // idle is what had no append since the pass before
        SweepResult first = wal.sweep(windowIsOver);
        SweepResult second = wal.sweep(windowIsOver);
        assertThat(first.deletedSegments() + second.deletedSegments()).isZero();
    }

    @Test
    void close_byAListener_returns() throws Exception {
        StreamWal wal = open();
        try {
            seal(wal);
        } catch (WalClosedException e) {
            // the listener was faster than the rest of the sweep
        }
        assertThat(closedByListener.await(300, TimeUnit.SECONDS)).isTrue();
        StreamWal.open(root).close();
    }

    @Test
    void close_byAListenerWhileAnotherThreadCloses_returnsToBoth() throws Exception {
        another = true;
        StreamWal wal = open();
        seal(wal);
        assertThat(told.await(300, TimeUnit.SECONDS)).isTrue();
        wal.close();
        assertThat(closedByListener.await(300, TimeUnit.SECONDS)).isTrue();
        StreamWal.open(root).close();
    }
}
