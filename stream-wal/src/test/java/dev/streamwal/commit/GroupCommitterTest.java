package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.AllocatedBytes;
import dev.streamwal.append.DelegatingStorage;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.JournalBlockLayout;
import dev.streamwal.journal.JournalDamage;
import dev.streamwal.journal.JournalScan;
import dev.streamwal.journal.JournalVisitor;
import dev.streamwal.measure.FlushCause;
import dev.streamwal.samples.JournalSamples;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who asks is answered, and what is answered stands in the journal. */
class GroupCommitterTest {

    private static final JournalSizes SIZES = new JournalSizes(16 << 10, 16 << 10, 64 << 10, 8 << 10, 4 << 10);
    private static final WalClosedException CLOSED = new WalClosedException("closed", null, null, WalException.NO_POSITION, null);

    private final FileSystem fileSystem = Jimfs.newFileSystem(Configuration.unix());
    private final Path root = fileSystem.getPath("/log");
    private final List<Throwable> told = new CopyOnWriteArrayList<>();
    /** Thrown by who is told of failures, and of success. */
    private volatile @Nullable Error whenTold;
    private final AtomicInteger ids = new AtomicInteger();
    private final AtomicInteger flushes = new AtomicInteger();
    /** How often a segment was to be forced. */
    private final AtomicInteger forces = new AtomicInteger();
    private final FakeStream a = new FakeStream("a");
    private final FakeStream b = new FakeStream("b");

    @BeforeEach
    void makeTheLog() throws IOException {
        Files.createDirectories(root.resolve("segments"));
    }

    @AfterEach
    void end() throws IOException {
        fileSystem.close();
    }

    private GroupCommitter committer(boolean threads) {
        return committer(threads, new ChannelStorage());
    }

    private GroupCommitter committer(boolean threads, SegmentStorage storage) {
        return new GroupCommitter(settings(threads, storage));
    }

    private CommitSettings settings(boolean threads, SegmentStorage storage) {
        CommitEvents events = new CommitEvents() {
            @Override
            public void failed(String task, @Nullable String stream, Throwable failure) {
                told.add(failure);
                throwIfTold();
            }

            @Override
            public void succeeded(String task) {
                throwIfTold();
            }

            @Override
            public void flushTook(FlushCause cause, long nanos) {
                flushes.incrementAndGet();
            }
        };
        return new CommitSettings(root, root.resolve("segments"), storage, WriterFence.NONE, SIZES, ids::incrementAndGet, events, threads, 1_000_000);
    }

    private void throwIfTold() {
        Error error = whenTold;
        if (error != null) {
            throw error;
        }
    }

    /** How far the journal has each stream's bytes, whole from the first one on. */
    private Map<String, Integer> journalled() throws IOException {
        Map<String, Integer> ends = new HashMap<>();
        Frontier frontier = FrontierFile.load(root).orElseThrow();
        frontier.segments().forEach(segment -> ends.put(segment.key().text(), segment.durableOffset()));
        new JournalScan(root, frontier).scan(new JournalVisitor() {
            @Override
            public void bytes(SegmentHeader segment, int offset, ByteBuffer frames) {
                int end = ends.getOrDefault(segment.key().text(), segment.headerLength());
                if (!frames.hasRemaining()) {
                    // it was forced so far
                    ends.put(segment.key().text(), Math.max(end, offset));
                    return;
                }
                assertThat(offset).as("no hole in " + segment.key()).isLessThanOrEqualTo(end);
                ends.put(segment.key().text(), Math.max(end, offset + frames.remaining()));
            }

            @Override
            public void deletedBelow(StreamKey key, long position) {}

            @Override
            public void truncated(StreamKey key, long from, long to) {}

            @Override
            public boolean damaged(JournalDamage damage) {
                throw new AssertionError(damage);
            }
        });
        return ends;
    }

    private void assertJournalled(FakeStream... streams) throws IOException {
        Map<String, Integer> ends = journalled();
        for (FakeStream stream : streams) {
            assertThat(ends).containsEntry(stream.header().key().text(), stream.header().headerLength() + (int) stream.appendedEnd());
        }
    }

    private static CommitTarget target(FakeStream stream) {
        return new CommitTarget(stream.cursor(), stream.appendedEnd());
    }

    @Test
    void await_again_flushesOnlyWhatIsNew() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        committer.await(a.cursor(), a.append(80));
        committer.await(a.cursor(), a.append(80));
        assertThat(flushes.get()).isEqualTo(2);
        committer.await(a.cursor(), a.appendedEnd());
        assertThat(flushes.get()).as("durable already").isEqualTo(2);
        assertJournalled(a);
        committer.close(CLOSED);
    }

    @Test
    @Timeout(300)
    void await_threadsThatTheLastFlushServed_areServedByOneFlushAgain() throws Exception {
        GroupCommitter committer = committerThatExpects(2);
        Thread leader = startToLead(committer);
        committer.await(b.cursor(), b.append(80));
        leader.join();
        assertThat(a.cursor().isDurable(a.appendedEnd())).isTrue();
        assertThat(flushes.get()).isEqualTo(1);
        assertJournalled(a, b);
        committer.close(CLOSED);
    }

    /** The last of its requests needs the flush that the others need: it would come too late if the first one woke the leader. */
    @Test
    @Timeout(300)
    void await_threadWithManyRequestsIsExpected_allAreServedByOneFlush() throws Exception {
        GroupCommitter committer = committerThatExpects(2);
        FakeStream c = new FakeStream("c");
        List<CommitTarget> targets = new ArrayList<>(Collections.nCopies(1_000_000, new CommitTarget(b.cursor(), b.append(80))));
        targets.add(new CommitTarget(c.cursor(), c.append(80)));
        Thread leader = startToLead(committer);
        committer.await(targets);
        leader.join();
        assertThat(flushes.get()).isEqualTo(1);
        assertJournalled(a, b, c);
        committer.close(CLOSED);
    }

    @Test
    @Timeout(300)
    void await_interruptedWhileItWaitsForOthers_isDurableAndStaysInterrupted() throws Exception {
        GroupCommitter committer = committerThatExpects(2);
        AtomicBoolean isInterrupted = new AtomicBoolean();
        Thread leader = startToLead(committer, () -> isInterrupted.set(Thread.currentThread().isInterrupted()));
        leader.interrupt();
        leader.join();
        assertThat(isInterrupted).isTrue();
        assertJournalled(a);
        committer.close(CLOSED);
    }

    /** Its leaders wait a day, if need be. */
    private GroupCommitter committerThatExpects(int threads) throws IOException {
        GroupWait wait = new GroupWait(TimeUnit.DAYS.toNanos(1));
        wait.flushed(threads, TimeUnit.DAYS.toNanos(1));
        GroupCommitter committer = new GroupCommitter(settings(false, new ChannelStorage()), wait);
        committer.ready();
        return committer;
    }

    private Thread startToLead(GroupCommitter committer) {
        return startToLead(committer, () -> {});
    }

    /** @return a thread that has appended to {@link #a}, and waits for others */
    private Thread startToLead(GroupCommitter committer, Runnable afterwards) {
        long end = a.append(80);
        Thread leader = new Thread(() -> {
            try {
                committer.await(a.cursor(), end);
            } catch (IOException e) {
                told.add(e);
            }
            afterwards.run();
        });
        leader.start();
        while (leader.getState() != Thread.State.TIMED_WAITING) {
            assertThat(leader.isAlive()).as("it waits for others").isTrue();
            Thread.onSpinWait();
        }
        return leader;
    }

    @Test
    void await_journalUsedManyTimesOver_mentionsASegmentInEachUse() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        for (int between = 0; between < 60; between++) {
            // for some number the same file has its turn again, and no other has mentioned the stream
            FakeStream cold = new FakeStream("cold " + between);
            committer.await(cold.cursor(), cold.append(8));
            for (int i = 0; i < between; i++) {
                committer.await(b.cursor(), b.append(2_000));
            }
            committer.await(cold.cursor(), cold.append(8));
            assertJournalled(cold);
        }
        assertJournalled(b);
        try (Stream<Path> files = Files.list(root.resolve("commit"))) {
            assertThat(files.count()).isLessThan(8);
        }
        committer.close(CLOSED);
    }

    @Test
    void await_severalAndOneFails_waitsForTheOthersToo() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        a.append(8);
        b.append(8);
        a.unreadable = new IllegalStateException("unreadable");
        assertThatThrownBy(() -> committer.await(List.of(target(a), target(b)))).hasRootCauseMessage("unreadable");
        assertThat(b.cursor().isDurable(b.appendedEnd())).isTrue();
        assertThat(committer.hasWork()).isFalse();
        a.unreadable = null;
        committer.await(List.of(target(a), target(b)));
        assertJournalled(a, b);
        committer.close(CLOSED);
    }

    @Test
    void await_readingFailsAgainAndAgain_mentionsNothing() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        a.unreadable = new IllegalStateException("unreadable");
        a.append(8);
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> committer.await(a.cursor(), a.appendedEnd())).hasRootCauseMessage("unreadable");
            committer.await(b.cursor(), b.append(8));
        }
        a.unreadable = null;
        committer.await(a.cursor(), a.append(8));
        committer.await(a.cursor(), a.append(8));
        assertJournalled(a, b);
        committer.close(CLOSED);
    }

    /** The JVM's answer to a mapping whose page the disk doesn't give. */
    @Test
    void await_aPageOfOneStreamCantBeRead_commitsTheOthers() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        a.append(80);
        b.append(80);
        b.broken = new InternalError("a page can't be read");
        assertThatThrownBy(() -> committer.await(List.of(target(a), target(b)))).hasRootCauseMessage("a page can't be read");
        assertThat(a.cursor().isDurable(a.appendedEnd())).isTrue();
        assertThat(b.cursor().isDurable(b.appendedEnd())).isFalse();
        assertJournalled(a);
        b.broken = null;
        committer.await(List.of(target(b)));
        assertJournalled(a, b);
        committer.close(CLOSED);
    }

    @Test
    void await_anErrorGivesUpTheBlock_whatStoodInItIsCommittedByTheNextOne() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        a.append(80);
        b.append(80);
        b.broken = new OutOfMemoryError("made to give up the block");
        assertThatThrownBy(() -> committer.await(List.of(target(a), target(b)))).hasRootCauseMessage("made to give up the block");
        assertThat(a.cursor().isDurable(a.appendedEnd())).isFalse();
        assertThat(a.durableOffset()).isEqualTo(a.header().headerLength());
        b.broken = null;
        committer.await(List.of(target(b)));
        committer.await(List.of(target(a)));
        assertJournalled(a, b);
        assertThat(committer.hasFailed()).isFalse();
        committer.close(CLOSED);
    }

    @Test
    void delete_anErrorGivesUpTheBlock_theStreamIsCommittedAsBefore() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        StreamKey key = a.header().key();
        StreamKey other = b.header().key();
        committer.streams(stream -> {
            if (stream.equals(other)) {
                throw new OutOfMemoryError("made to give up the block");
            }
            return a;
        });
        a.append(80);
        assertThatThrownBy(() -> committer.delete(List.of(new Deletion.Below(key, 1_000), new Deletion.Below(other, 1_000))))
                .hasRootCauseMessage("made to give up the block");
        assertThatThrownBy(() -> committer.delete(List.of(new Deletion.Cut(key, 8, 1_000), new Deletion.Below(other, 1_000))))
                .hasRootCauseMessage("made to give up the block");
        committer.await(a.cursor(), a.append(80));
        assertJournalled(a);
        committer.close(CLOSED);
    }

    /** More than are settled at a time, some of them twice. */
    @Test
    void checkpoint_ofManyDeletions_keepsWhereEachStreamBegins() throws IOException {
        JournalSizes sizes = new JournalSizes(256 << 10, 256 << 10, 512 << 10, 64 << 10, 4 << 10);
        GroupCommitter committer = new GroupCommitter(new CommitSettings(root, root.resolve("segments"), new ChannelStorage(), WriterFence.NONE, sizes,
                ids::incrementAndGet, (task, stream, failure) -> told.add(failure), false, 1_000_000));
        List<String> keys = new ArrayList<>();
        List<Deletion> deletions = new ArrayList<>();
        for (int i = 0; i < 2_500; i++) {
            SegmentHeader oldest = JournalSamples.header("s" + i, 1_000, i + 1);
            Path directory = Files.createDirectory(root.resolve("segments").resolve(oldest.key().directoryName()));
            Files.write(directory.resolve(oldest.name().fileName()), SegmentHeaderLayout.encode(oldest).array());
            keys.add(oldest.key().text());
            deletions.add(new Deletion.Below(oldest.key(), 500));
            if (i % 5 == 0) {
                deletions.add(new Deletion.Below(oldest.key(), 1_000));
            }
        }
        committer.delete(deletions).close();
        for (int i = 0; i < 80; i++) {
            committer.await(a.cursor(), a.append(4_000));
        }
        committer.runBackground();
        assertThat(told).isEmpty();
        assertThat(FrontierFile.load(root).orElseThrow().segments()).extracting(segment -> segment.key().text()).containsAll(keys);
        committer.close(CLOSED);
    }

    /** A cut is let go of with its stream's lock held, which a checkpoint may be waiting for. */
    @Test
    @Timeout(300)
    void deleted_whileACheckpointWaitsForTheStream_isLetGoOfAndForgotten() throws Exception {
        GroupCommitter committer = committer(false);
        committer.ready();
        SegmentHeader oldest = JournalSamples.header("k", 1_000, 1);
        Path directory = Files.createDirectory(root.resolve("segments").resolve(oldest.key().directoryName()));
        Files.write(directory.resolve(oldest.name().fileName()), SegmentHeaderLayout.encode(oldest).array());
        committer.delete(List.of(new Deletion.Below(oldest.key(), 500))).close();
        for (int i = 0; i < 5; i++) {
            committer.await(a.cursor(), a.append(4_000));
        }
        CountDownLatch waits = new CountDownLatch(1);
        CountDownLatch lock = new CountDownLatch(1);
        a.whenListed = () -> {
            waits.countDown();
            try {
                lock.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        committer.streams(key -> a);
        Deletion.Kept cut = committer.delete(List.of(new Deletion.Cut(oldest.key(), 1_000, 2_000)));
        CompletableFuture<Void> checkpoint = CompletableFuture.runAsync(() -> {
            try {
                committer.runBackground();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, command -> new Thread(command).start());
        waits.await();
        try {
            CompletableFuture.runAsync(cut::close).get(300, TimeUnit.SECONDS);
        } finally {
            lock.countDown();
        }
        checkpoint.join();
        assertThat(told).isEmpty();
        Frontier frontier = FrontierFile.load(root).orElseThrow();
        assertThat(frontier.firstSequence()).as("a file was freed").isGreaterThan(JournalBlockLayout.FIRST_SEQUENCE);
        assertThat(frontier.segments()).extracting(segment -> segment.key().text()).as("what was cut isn't vouched for").doesNotContain("k");
        committer.close(CLOSED);
    }

    @Test
    void await_formerFailureOfTheStream_isNotGivenToALaterRequest() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        b.unreadable = new IllegalStateException("unreadable");
        b.append(8);
        assertThatThrownBy(() -> committer.await(b.cursor(), b.appendedEnd())).hasRootCauseMessage("unreadable");
        b.unreadable = null;
        List<CommitTarget> fillingABlock = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            FakeStream stream = new FakeStream("s" + i);
            stream.append(4_000);
            fillingABlock.add(target(stream));
        }
        fillingABlock.add(target(b));
        committer.await(fillingABlock);
        assertThat(flushes.get()).as("blocks").isGreaterThan(1);
        assertJournalled(b);
        committer.close(CLOSED);
    }

    @Test
    void await_slotThatIsNeverPublished_failsAfterALimitAndHoldsUpNobodyElse() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        long published = a.append(80);
        long end = a.reserve(80);
        assertThatThrownBy(() -> committer.await(a.cursor(), end)).hasMessageContaining("an append didn't complete within");
        committer.await(a.cursor(), published);
        committer.await(b.cursor(), b.append(8));
        a.publish();
        committer.await(a.cursor(), end);
        assertJournalled(a, b);
        committer.close(CLOSED);
    }

    @Test
    void await_slotIsPublishedMeanwhile_returns() throws Exception {
        GroupCommitter committer = committer(true);
        committer.ready();
        long end = a.reserve(80);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread waiting = new Thread(() -> {
            try {
                committer.await(a.cursor(), end);
            } catch (IOException e) {
                failure.set(e);
            }
        });
        waiting.start();
        committer.await(b.cursor(), b.append(8));
        assertThat(a.cursor().isDurable(end)).isFalse();
        a.publish();
        waiting.join();
        assertThat(failure).hasValue(null);
        assertJournalled(a, b);
        committer.close(CLOSED);
    }

    /** Forces of stream a's segment take until they are let go, and then end as the test wants. */
    private static final class HeldForce extends DelegatingStorage {

        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch letGo = new CountDownLatch(1);
        private volatile @Nullable IOException failure;

        HeldForce() {
            super(new ChannelStorage());
        }

        @Override
        protected SegmentFile wrap(SegmentFile file) {
            return new DelegatingFile(file) {
                @Override
                public void force() throws IOException {
                    if (!path().endsWith("a")) {
                        return;
                    }
                    begun.countDown();
                    try {
                        letGo.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    IOException wanted = failure;
                    if (wanted != null) {
                        throw wanted;
                    }
                }
            };
        }
    }

    private static CompletableFuture<Void> awaiting(GroupCommitter committer, FakeStream stream, long end) {
        return CompletableFuture.runAsync(() -> {
            try {
                committer.await(stream.cursor(), end);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, command -> new Thread(command).start());
    }

    @Test
    @Timeout(300)
    void await_oneStreamsForceTakesLong_othersAreCommittedMeanwhile() throws Exception {
        HeldForce storage = new HeldForce();
        GroupCommitter committer = committer(true, storage);
        committer.ready();
        CompletableFuture<Void> forced = awaiting(committer, a, a.append(SIZES.maxStreamBytes() + 8));
        storage.begun.await();
        committer.await(b.cursor(), b.append(8));
        CompletableFuture<Void> behind = awaiting(committer, a, a.append(8));
        AtomicInteger later = new AtomicInteger();
        assertThat(committer.later(a.cursor(), a.append(8), failure -> later.addAndGet(failure == null ? 1 : 100))).isTrue();
        committer.await(b.cursor(), b.append(SIZES.maxStreamBytes()));
        assertThat(a.durableOffset()).as("nothing behind it is durable before it is").isEqualTo(a.header().headerLength());
        assertThat(forced).isNotDone();
        assertThat(behind).isNotDone();
        assertThat(later).hasValue(0);
        storage.letGo.countDown();
        forced.join();
        behind.join();
        committer.await(a.cursor(), a.appendedEnd());
        committer.close(CLOSED);
        assertThat(later).hasValue(1);
        assertJournalled(a, b);
        assertThat(told).isEmpty();
    }

    @Test
    @Timeout(300)
    void await_aSegmentIsBeingSealed_othersAreCommittedMeanwhile() throws Exception {
        GroupCommitter committer = committer(true);
        committer.ready();
        a.sealing = new CountDownLatch(1);
        CompletableFuture<Void> sealed = awaiting(committer, a, a.append(8));
        for (int i = 0; i < 20; i++) {
            committer.await(b.cursor(), b.append(8));
        }
        assertThat(sealed).isNotDone();
        a.sealing.countDown();
        sealed.join();
        committer.close(CLOSED);
        assertJournalled(a, b);
    }

    @Test
    @Timeout(300)
    void await_forceThatWasHandedOverFails_failsTheLog() throws Exception {
        HeldForce storage = new HeldForce();
        storage.failure = new IOException("Input/output error");
        GroupCommitter committer = committer(true, storage);
        committer.ready();
        CompletableFuture<Void> forced = awaiting(committer, a, a.append(SIZES.maxStreamBytes() + 8));
        storage.begun.await();
        committer.await(b.cursor(), b.append(8));
        storage.letGo.countDown();
        assertThatThrownBy(forced::join).hasRootCauseMessage("Input/output error");
        assertThat(committer.hasFailed()).isTrue();
        assertThatThrownBy(() -> committer.await(b.cursor(), b.append(8))).isInstanceOf(FlushFailedException.class);
        committer.close(CLOSED);
    }

    @Test
    @Timeout(300)
    void await_noDescriptorForAForceThatWasHandedOver_failsThoseWhoWaitAndNobodyElse() throws Exception {
        HeldForce storage = new HeldForce();
        storage.failure = new IOException("Too many open files");
        GroupCommitter committer = committer(true, storage);
        committer.ready();
        CompletableFuture<Void> forced = awaiting(committer, a, a.append(SIZES.maxStreamBytes() + 8));
        storage.begun.await();
        storage.letGo.countDown();
        assertThatThrownBy(forced::join).hasRootCauseMessage("Too many open files");
        committer.await(b.cursor(), b.append(8));
        storage.failure = null;
        committer.await(a.cursor(), a.append(8));
        committer.close(CLOSED);
        assertJournalled(a, b);
    }

    @Test
    @Timeout(300)
    void close_whileAForceIsUnderWay_waitsForItAndAnswers() throws Exception {
        HeldForce storage = new HeldForce();
        GroupCommitter committer = committer(true, storage);
        committer.ready();
        CompletableFuture<Void> forced = awaiting(committer, a, a.append(SIZES.maxStreamBytes() + 8));
        storage.begun.await();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> committer.close(CLOSED), command -> new Thread(command).start());
        while (Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("stream-wal-commit"))) {
            Thread.onSpinWait();
        }
        assertThat(closing).isNotDone();
        storage.letGo.countDown();
        forced.join();
        closing.join();
        assertJournalled(a);
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).doesNotContain("stream-wal-force");
    }

    @Test
    void await_forceFailsAndSoDoesItsReport_answersAllAndFailsTheLog() throws Exception {
        whenTold = new OutOfMemoryError("made by the test");
        HeldForce storage = new HeldForce();
        storage.failure = new IOException("Input/output error");
        storage.letGo.countDown();
        GroupCommitter committer = committer(false, storage);
        committer.ready();
        AtomicReference<Throwable> later = new AtomicReference<>();
        assertThat(committer.later(b.cursor(), b.append(8), later::set)).isTrue();
        assertThatThrownBy(() -> committer.await(a.cursor(), a.append(SIZES.maxStreamBytes() + 8))).isInstanceOf(FlushFailedException.class);
        assertThat(later.get()).isInstanceOf(FlushFailedException.class);
        assertThat(told).hasSize(1);
        committer.close(CLOSED);
    }

    @Test
    @Timeout(300)
    void await_handedOverForceFailsAndSoDoesItsReport_answersWhoWaits() throws Exception {
        whenTold = new OutOfMemoryError("made by the test");
        HeldForce storage = new HeldForce();
        storage.failure = new IOException("Input/output error");
        storage.letGo.countDown();
        GroupCommitter committer = committer(true, storage);
        committer.ready();
        assertThatThrownBy(() -> committer.await(a.cursor(), a.append(SIZES.maxStreamBytes() + 8))).isInstanceOf(FlushFailedException.class);
        committer.close(CLOSED);
    }

    @Test
    @Timeout(300)
    void later_whoIsToldThrows_theThreadGoesOn() throws Exception {
        GroupCommitter committer = committer(true);
        committer.ready();
        for (int i = 0; i < 5; i++) {
            whenTold = i < 4 ? new OutOfMemoryError("made by the test") : null;
            CompletableFuture<Void> answered = new CompletableFuture<>();
            assertThat(committer.later(a.cursor(), a.append(8), failure -> {
                committer.delivered();
                answered.complete(null);
            })).isTrue();
            answered.join();
        }
        committer.await(b.cursor(), b.append(8));
        committer.close(CLOSED);
        assertJournalled(a, b);
    }

    @Test
    void commitPending_logHasFailed_answersWithoutTakingMemory() throws Exception {
        AllocatedBytes allocated = new AllocatedBytes();
        long bytes = 0;
        // the first time loads classes
        for (int run = 0; run < 2; run++) {
            GroupCommitter committer = committer(false);
            AtomicInteger answered = new AtomicInteger();
            for (int i = 0; i < 100; i++) {
                assertThat(committer.later(a.cursor(), a.append(8), failure -> answered.incrementAndGet())).isTrue();
            }
            committer.fail(new FlushFailedException("made by the test", null));
            long before = allocated.now();
            long asked = allocated.now();
            committer.commitPending();
            bytes = allocated.now() - asked - (asked - before);
            assertThat(answered).hasValue(100);
            committer.close(CLOSED);
        }
        assertThat(bytes).isZero();
    }

    @Test
    void flushInterval_anErrorAndItsReportFails_flushesTheOthersAndThisOneNextTime() throws IOException {
        whenTold = new OutOfMemoryError("made by the test");
        GroupCommitter committer = committer(false);
        committer.ready();
        for (FakeStream stream : List.of(a, b)) {
            stream.append(64);
            committer.atNextFlush(stream.cursor());
        }
        a.endless = new OutOfMemoryError("made by the test");
        committer.runBackground();
        a.endless = null;
        assertJournalled(b);
        whenTold = null;
        committer.runBackground();
        assertJournalled(a, b);
        assertThat(told).hasSize(1);
        committer.close(CLOSED);
    }

    @Test
    @Timeout(60)
    void atNextFlush_noThreadCanBeStarted_theAppendFlushes_andTheThreadStartsLater() throws IOException {
        GroupCommitter committer = committer(true);
        committer.ready();
        AtomicBoolean isShort = new AtomicBoolean(true);
        // asked in each thread's constructor
        InheritableThreadLocal<Boolean> shortage = new InheritableThreadLocal<>() {
            @Override
            protected Boolean childValue(Boolean parent) {
                if (isShort.get()) {
                    throw new OutOfMemoryError("unable to create native thread (made by the test)");
                }
                return parent;
            }
        };
        shortage.set(true);
        try {
            for (int i = 0; i < 2; i++) {
                a.append(64);
                committer.atNextFlush(a.cursor());
                assertJournalled(a);
            }
            isShort.set(false);
            long end = a.append(64);
            committer.atNextFlush(a.cursor());
            while (!a.cursor().isDurable(end)) {
                LockSupport.parkNanos(100_000);
            }
            assertJournalled(a);
        } finally {
            shortage.remove();
        }
        committer.close(CLOSED);
        assertThat(told).isEmpty();
    }

    /** Records that couldn't be flushed are flushed with later ones. */
    @Test
    @Timeout(60)
    void atNextFlush_noThreadCanBeStartedAndTheFlushFails_isToldAndTriedAgain() throws IOException {
        GroupCommitter committer = committer(true);
        committer.ready();
        InheritableThreadLocal<Boolean> shortage = new InheritableThreadLocal<>() {
            @Override
            protected Boolean childValue(Boolean parent) {
                throw new OutOfMemoryError("unable to create native thread (made by the test)");
            }
        };
        shortage.set(true);
        try {
            a.unreadable = new IllegalStateException("made by the test");
            a.append(64);
            committer.atNextFlush(a.cursor());
            assertThat(told).hasSize(1);
            a.unreadable = null;
            a.append(64);
            committer.atNextFlush(a.cursor());
            assertJournalled(a);
        } finally {
            shortage.remove();
        }
        committer.close(CLOSED);
        assertThat(told).hasSize(1);
    }

    @Test
    void later_oneCompletionThrows_theOthersAreTold() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        AtomicInteger completed = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            boolean asked = committer.later(a.cursor(), a.append(8), failure -> {
                completed.incrementAndGet();
                throw new AssertionError("thrown by a completion");
            });
            assertThat(asked).isTrue();
        }
        committer.await(b.cursor(), b.append(8));
        assertThat(completed).hasValue(3);
        assertThat(told).hasSize(3);
        committer.close(CLOSED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void later_completionCommitsItself_returns(boolean threads) throws IOException {
        GroupCommitter committer = committer(threads);
        committer.ready();
        AtomicInteger completed = new AtomicInteger();
        for (int i = 0; i < 50; i++) {
            boolean asked = committer.later(a.cursor(), a.append(8), failure -> {
                try {
                    committer.await(b.cursor(), b.append(8));
                    completed.incrementAndGet();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(asked).isTrue();
        }
        if (!threads) {
            committer.runBackground();
        }
        while (completed.get() < 50) {
            LockSupport.parkNanos(100_000);
        }
        committer.close(CLOSED);
        assertJournalled(a, b);
        assertThat(told).isEmpty();
    }

    @Test
    void later_moreThanMayBeUnanswered_asksForNothingUntilOneIsDelivered() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        AtomicInteger completed = new AtomicInteger();
        for (int i = 0; i < GroupCommitter.MAX_UNANSWERED; i++) {
            assertThat(committer.later(a.cursor(), a.append(8), failure -> completed.incrementAndGet())).isTrue();
        }
        committer.await(b.cursor(), b.append(8));
        committer.runBackground();
        assertThat(completed).as("answered, and not delivered").hasValue(GroupCommitter.MAX_UNANSWERED);
        assertThat(committer.later(a.cursor(), a.append(8), failure -> completed.incrementAndGet())).isFalse();
        committer.delivered();
        assertThat(committer.later(a.cursor(), a.appendedEnd(), failure -> completed.incrementAndGet())).isTrue();
        committer.runBackground();
        assertThat(completed).hasValue(GroupCommitter.MAX_UNANSWERED + 1);
        committer.close(CLOSED);
    }

    @Test
    void close_whileOthersAsk_answersEveryone() throws Exception {
        for (int round = 0; round < 50; round++) {
            GroupCommitter committer = committer(true);
            committer.ready();
            AtomicInteger asked = new AtomicInteger();
            AtomicInteger answered = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                boolean waits = t % 2 == 0;
                FakeStream stream = new FakeStream("of thread " + t);
                threads.add(new Thread(() -> {
                    for (boolean open = true; open; ) {
                        long end = stream.append(8);
                        asked.incrementAndGet();
                        AtomicReference<Throwable> failure = new AtomicReference<>();
                        boolean asksLater = !waits && committer.later(stream.cursor(), end, problem -> {
                            failure.set(problem);
                            answered.incrementAndGet();
                            committer.delivered();
                        });
                        if (!asksLater) {
                            try {
                                committer.await(stream.cursor(), end);
                            } catch (WalClosedException e) {
                                open = false;
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                            answered.incrementAndGet();
                        } else {
                            open = failure.get() == null;
                        }
                    }
                }));
            }
            threads.forEach(Thread::start);
            while (asked.get() < 200) {
                Thread.onSpinWait();
            }
            committer.close(CLOSED);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(answered).hasValue(asked.get());
        }
        assertThat(told).isEmpty();
    }

    @Test
    void flushInterval_someStreamsCannotBeFlushed_hasSucceededWhenAllAre() throws IOException {
        List<String> heard = new ArrayList<>();
        GroupCommitter committer = new GroupCommitter(new CommitSettings(root, root.resolve("segments"), new ChannelStorage(), WriterFence.NONE, SIZES,
                ids::incrementAndGet, new CommitEvents() {
                    @Override
                    public void failed(String task, @Nullable String stream, Throwable failure) {
                        heard.add(task + " failed");
                    }

                    @Override
                    public void succeeded(String task) {
                        heard.add(task);
                    }
                }, false, 1_000_000));
        committer.ready();
        a.unreadable = new IllegalStateException("a");
        b.unreadable = new IllegalStateException("b");
        for (FakeStream stream : List.of(a, b)) {
            stream.append(64);
            committer.atNextFlush(stream.cursor());
        }
        committer.runBackground();
        assertThat(heard).containsExactly("flush failed", "flush failed");
        a.unreadable = null;
        committer.runBackground();
        assertThat(heard).as("b still fails").endsWith("flush failed").hasSize(3);
        b.unreadable = null;
        committer.runBackground();
        assertThat(heard).endsWith("flush").hasSize(4);
        a.append(64);
        committer.atNextFlush(a.cursor());
        committer.runBackground();
        assertThat(heard).as("nothing had failed").hasSize(4);
        committer.close(CLOSED);
    }

    /** A thread that spins while another one waits for the disk takes the processor from the program. */
    @Test
    @Timeout(60)
    void later_anotherThreadLeadsForLong_theLogsThreadRestsAndTheRequestIsAnswered() throws Exception {
        GroupCommitter committer = committer(true);
        committer.ready();
        CountDownLatch leads = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        a.whenGathered = () -> {
            leads.countDown();
            try {
                letGo.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        CompletableFuture<Void> leader = CompletableFuture.runAsync(() -> {
            try {
                committer.await(a.cursor(), a.append(8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        leads.await();
        CompletableFuture<Boolean> answered = new CompletableFuture<>();
        assertThat(committer.later(b.cursor(), b.append(8), problem -> answered.complete(problem == null))).isTrue();
        Thread ofLog = Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("stream-wal-commit")).findAny().orElseThrow();
        while (ofLog.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        assertThat(answered).isNotDone();
        letGo.countDown();
        assertThat(answered.get()).isTrue();
        leader.get();
        committer.delivered();
        committer.close(CLOSED);
        assertJournalled(a, b);
    }

    /** Something is done by another thread where a segment is forced, some times. The journal must have room for it: the thread is waited for. */
    private GroupCommitter committerWithAppends(int times, Consumer<GroupCommitter> meanwhile) {
        AtomicReference<GroupCommitter> made = new AtomicReference<>();
        GroupCommitter committer = committer(false, new DelegatingStorage(new ChannelStorage()) {
            @Override
            public SegmentFile open(Path path) throws IOException {
                if (forces.incrementAndGet() <= times) {
                    CompletableFuture.runAsync(() -> meanwhile.accept(made.get())).join();
                }
                return super.open(path);
            }
        });
        made.set(committer);
        return committer;
    }

    private void commitB(GroupCommitter committer, int blocks) {
        try {
            for (int i = 0; i < blocks; i++) {
                committer.await(b.cursor(), b.append(3_000));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertInNoJournalFile(byte content) throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("commit"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".journal")).toList()) {
                int row = 0;
                int longest = 0;
                for (byte each : Files.readAllBytes(file)) {
                    row = each == content ? row + 1 : 0;
                    longest = Math.max(longest, row);
                }
                assertThat(longest).as("bytes of it in a row in %s", file).isLessThan(100);
            }
        }
    }

    @Test
    void scrub_filesFillMeanwhile_endsWithWhatTheJournalHadAtTheCall() throws IOException {
        GroupCommitter committer = committerWithAppends(20, each -> commitB(each, 6));
        committer.ready();
        committer.await(a.cursor(), a.append(80));
        committer.scrub();
        assertThat(forces.get()).isBetween(1, 2);
        assertJournalled(b);
        committer.close(CLOSED);
    }

    /** What is committed meanwhile goes to a file that never had anything else, or was overwritten. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5})
    void scrub_commitsMeanwhile_leavesNothingOfWhatWasCommittedBefore(int blocks) throws IOException {
        GroupCommitter committer = committerWithAppends(2, each -> commitB(each, blocks));
        committer.ready();
        a.content = 'a';
        for (int i = 0; i < 6; i++) {
            committer.await(a.cursor(), a.append(3_000));
        }
        forces.set(1_000);
        committer.runBackground();
        forces.set(0);
        committer.await(a.cursor(), a.append(3_000));
        committer.scrub();
        assertThat(forces.get()).isPositive();
        assertInNoJournalFile(a.content);
        assertJournalled(b);
        committer.close(CLOSED);
    }

    @Test
    void scrub_aFreeFileWasRemoved_makesItNotAgain() throws IOException {
        GroupCommitter committer = committer(false);
        committer.ready();
        commitB(committer, 6);
        committer.runBackground();
        Path free = root.resolve("commit/00000000.journal");
        Files.delete(free);
        committer.scrub();
        assertThat(free).as("its name wouldn't be durable").doesNotExist();
        commitB(committer, 12);
        assertJournalled(b);
        committer.close(CLOSED);
    }

    @Test
    void ready_afterClose_makesNoJournal() {
        GroupCommitter committer = committer(false);
        committer.close(CLOSED);
        assertThatThrownBy(committer::ready).isSameAs(CLOSED);
        committer.readyFor(1_000);
        assertThat(root.resolve("commit")).doesNotExist();
    }

    @Test
    void ready_closedWhileTheJournalIsMade_saysSo() {
        AtomicReference<GroupCommitter> closing = new AtomicReference<>();
        GroupCommitter committer = new GroupCommitter(new CommitSettings(root, root.resolve("segments"), new ChannelStorage(), WriterFence.NONE,
                SIZES, () -> {
            // behind the question whether the log is closed, in front of the first file
            closing.get().close(CLOSED);
            return 1;
        }, (task, stream, failure) -> told.add(failure), false, 1_000_000));
        closing.set(committer);
        assertThatThrownBy(committer::ready).isSameAs(CLOSED);
        assertThat(root.resolve("commit")).doesNotExist();
    }

    @Test
    void close_ofALogThatNeededNoJournal_hasTakenNothing() throws IOException {
        GroupCommitter committer = committer(true);
        committer.close(CLOSED);
        assertThat(root.resolve("commit")).doesNotExist();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                .doesNotContain("stream-wal-commit", "stream-wal-checkpoint");
    }
}
