package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.io.TierFailure;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.samples.JournalSamples;
import dev.streamwal.storage.RoomKeptException;
import dev.streamwal.sweep.Sweeper;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The clock of a failure throws, in place of a heap that is full. */
class BackgroundReportTest {

    private final List<String> told = new ArrayList<>();
    private final List<Throwable> causes = new ArrayList<>();
    private boolean isFull;

    private final BackgroundReport report = new BackgroundReport(Path.of("log"), new WalListener() {
        @Override
        public void onFailure(String task, Optional<String> key, Throwable failure) {
            told.add(task);
            causes.add(failure);
        }
    }, false, () -> {
        if (isFull) {
            throw new OutOfMemoryError("made by the test");
        }
        return Instant.EPOCH;
    });

    @Test
    void sweepFailed_cannotBeReported_isNotHealthyAndReportedLater() {
        isFull = true;
        report.sweepFailed(null, new IllegalStateException("made by the test"));
        assertThat(told).isEmpty();
        WalHealth health = report.health();
        assertThat(health.state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(health.task()).contains(Sweeper.TASK);
        assertThat(health.cause()).isPresent();
        isFull = false;
        assertThat(report.health().state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(told).containsExactly(Sweeper.TASK);
        report.ended(Sweeper.TASK, report.begins());
        assertThat(report.health().state()).isEqualTo(WalHealth.State.OK);
        assertThat(told).hasSize(1);
        assertThat(report.counts().failures()).containsExactly(Map.entry(Sweeper.TASK, 1L));
        assertThat(report.sweepFailures()).isEqualTo(1);
    }

    @Test
    void begins_failureWasNotReported_isSettledByTheAttemptThatBegins() {
        isFull = true;
        report.failed("seal", "a", new IllegalStateException("made by the test"));
        isFull = false;
        long begun = report.begins();
        assertThat(told).containsExactly("seal");
        report.ended("seal", "a", begun);
        assertThat(report.health().state()).isEqualTo(WalHealth.State.OK);
    }

    /** Events of sweeps and purges have many segments each: what waits for a listener that hangs is bounded all the same. */
    @Test
    void deleted_moreSegmentsThanMayWait_areToldAsMissed() throws InterruptedException {
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        AtomicInteger heard = new AtomicInteger();
        BackgroundReport hanging = new BackgroundReport(Path.of("log"), new WalListener() {
            @Override
            public void onSwept(DeletedSegment segment) {
                hangs.countDown();
                try {
                    mayGoOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("nobody interrupts a listener", e);
                }
                heard.incrementAndGet();
            }

            @Override
            public void onFailure(String task, Optional<String> key, Throwable failure) {
                told.add(failure.getMessage());
            }
        }, true, () -> Instant.EPOCH);
        DeletedSegment segment = DeletedSegment.of(new StreamLog.Deleted(Path.of("pack"), new SegmentName(1, 2), 3), "meter", DeletedSegment.Reason.EXPIRED);
        List<DeletedSegment> many = Collections.nCopies(4_096, segment);
        for (int i = 0; i < 100; i++) {
            hanging.deleted(many);
        }
        hangs.await();
        mayGoOn.countDown();
        hanging.end();
        assertThat(heard.get()).isBetween(100_000, 100_000 + 4_096);
        assertThat(told).singleElement().asString().contains("dropped=" + (100 * 4_096 - heard.get()));
    }

    /** A program asks by the class of a failure what to do: it gets those that callers get. */
    @Test
    void failed_byTheFileSystem_isTheLibrarysException() {
        List<IOException> thrown = List.of(new FileSystemException("pack", null, "No space left on device"), new RoomKeptException(1, 2),
                new TierFailure("away", "s3://store", "", "try again", null), new AccessDeniedException("pack"));
        thrown.forEach(failure -> report.failed("pack", "meter", failure));
        assertThat(causes).extracting(Object::getClass).isEqualTo(List.of(DiskFullException.class, DiskFullException.class,
                TierUnavailableException.class, WalIOException.class));
        for (int i = 0; i < thrown.size(); i++) {
            assertThat(causes.get(i)).hasCause(thrown.get(i)).hasMessageStartingWith("can't pack: ");
        }
        assertThat(report.health().cause()).contains(causes.get(causes.size() - 1));
        assertThat(report.health().state()).isEqualTo(WalHealth.State.DEGRADED);
    }

    /** Mapping a file and taking memory both fail for want of memory, and other limits have to be raised. */
    @Test
    void failed_forWantOfMemory_saysWhichLimitToRaise() {
        report.failed("prepare", "meter", new IOException("Map failed", new OutOfMemoryError("Map failed")));
        report.failed("sweep", null, new IOException("a commit failed", new OutOfMemoryError("Java heap space")));
        assertThat(causes.get(0)).hasMessageContaining("vm.max_map_count");
        assertThat(causes.get(1)).hasMessageContaining("a commit failed").hasMessageContaining("-Xmx");
    }

    @Test
    void events_listenerThrows_isToldOfItAndOfWhatFollows() {
        List<String> heard = new ArrayList<>();
        BackgroundReport throwing = new BackgroundReport(Path.of("log"), new WalListener() {
            @Override
            public void onSealed(SealedSegment segment) {
                throw new IllegalStateException("in sealed");
            }

            @Override
            public void onSwept(DeletedSegment segment) {
                throw new AssertionError("in swept");
            }

            @Override
            public void onFailure(String task, Optional<String> stream, Throwable failure) {
                heard.add(task + " " + stream.orElse("-") + " " + failure.getMessage());
            }
        }, false, () -> Instant.EPOCH);

        throwing.sealed(Path.of("a.seg"), JournalSamples.header("a", 0, 1), 8, 4_096);
        throwing.deleted(List.of(deleted("a"), deleted("b")));
        throwing.sweepFailed("c", new IllegalStateException("why"));

        assertThat(heard).containsExactly("listener a in sealed", "listener a in swept", "listener b in swept", Sweeper.TASK + " c why");
    }

    @Test
    void events_listenerThrowsWhereItIsToldOfThatToo_endThere() {
        BackgroundReport throwing = new BackgroundReport(Path.of("log"), new WalListener() {
            @Override
            public void onSwept(DeletedSegment segment) {
                throw new IllegalStateException();
            }

            @Override
            public void onFailure(String task, Optional<String> stream, Throwable failure) {
                throw new StackOverflowError();
            }
        }, false, () -> Instant.EPOCH);

        assertThatCode(() -> throwing.deleted(List.of(deleted("s")))).doesNotThrowAnyException();
        assertThatCode(() -> throwing.failed("seal", "s", new RuntimeException())).doesNotThrowAnyException();
    }

    private static DeletedSegment deleted(String key) {
        return new DeletedSegment(
                new DeletedSegment.Fields(Path.of("a.seg"), key, 0, Instant.EPOCH, 4_096, DeletedSegment.Reason.EXPIRED));
    }

    @Test
    void reasonOf_everyCause_hasTheSameName() {
        for (ExpiryPlan.Cause cause : ExpiryPlan.Cause.values()) {
            assertThat(DeletedSegment.Reason.of(cause)).hasToString(cause.name());
        }
    }
}
