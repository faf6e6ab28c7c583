package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.CompletionThreads;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Durability levels: who waits for which flush, and how many there are. What they are worth is for those tests that lose the power. */
abstract class DurabilityContract extends LogContract {

    private static final JournalSizes SMALL_JOURNAL = new JournalSizes(16 << 10, 32 << 10, 128 << 10, 8 << 10, 4 << 10);

    DurabilityContract(LogHome home) {
        super(home);
    }

    @AfterEach
    void clearTheFlag() {
        Thread.interrupted();
    }

    private StreamWal open(WalOptions.Builder options, JournalSizes journal, boolean threads) {
        WalOptions built = options.build();
        Environment machine = Environment.ofThisMachine(built.storage().kind());
        return closing(StreamWal.open(root, built, new Environment(THIS_BOOT, machine.storages(), machine.salts(), threads, journal)));
    }

    private StreamWal openWithoutThreads() {
        return open(options(), JournalSizes.DEFAULT, false);
    }

    private static void assertDurable(WalStream stream) {
        assertThat(stream.durablePosition()).as("durable position of " + stream).isEqualTo(stream.endPosition());
    }

    private static void assertNotDurable(WalStream stream) {
        assertThat(stream.durablePosition()).as("durable position of " + stream).isLessThan(stream.endPosition());
    }

    private List<Path> journal() {
        if (!Files.isDirectory(root.resolve("commit"))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(root.resolve("commit"))) {
            return files.filter(file -> file.toString().endsWith(".journal")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long flushes(StreamWal wal, Runnable doing) {
        long before = wal.stats().flushes();
        doing.run();
        return wal.stats().flushes() - before;
    }

    private static void append(WalStream stream, Durability durability) {
        EntryRef unused = stream.append(WriteEntry.of(bytes("x")), durability);
    }

    // ---------------------------------------------------------------- levels

    @Test
    void append_buffered_flushesNothingAndMakesNoJournal() {
        StreamWal wal = open();
        assertThat(flushes(wal, () -> appendSome(wal.stream("s"), MANY))).isZero();
        assertNotDurable(wal.stream("s"));
        assertThat(root.resolve("commit")).doesNotExist();
    }

    @Test
    void append_immediate_flushesOnceForEach() {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE));
        List<Written> written = new ArrayList<>();
        assertThat(flushes(wal, () -> written.addAll(appendSome(wal.stream("s"), MANY)))).isEqualTo(MANY);
        assertDurable(wal.stream("s"));
        assertThat(journal()).hasSize(1);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_levelOfPattern_isTheStreams() {
        StreamWal wal = open(options().streams("billing/*", StreamOptions.builder().durability(Durability.IMMEDIATE).build()));
        WalStream immediate = wal.stream("billing/1");
        WalStream buffered = wal.stream("other");
        assertThat(flushes(wal, () -> appendSome(immediate, 3))).isEqualTo(3);
        assertThat(flushes(wal, () -> appendSome(buffered, 3))).isZero();
        assertDurable(immediate);
        assertNotDurable(buffered);
    }

    @Test
    void append_levelOfTheCall_winsOverTheStreams() {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE));
        WalStream stream = wal.stream("s");
        assertThat(flushes(wal, () -> append(stream, Durability.BUFFERED))).isZero();
        assertNotDurable(stream);
        assertThat(flushes(wal, () -> append(stream, Durability.IMMEDIATE))).isOne();
        assertDurable(stream);
    }

    @Test
    void append_immediate_includesWhatTheStreamHadBefore() {
        StreamWal wal = open();
        appendSome(wal.stream("s"), MANY);
        appendSome(wal.stream("t"), 1);
        assertThat(flushes(wal, () -> append(wal.stream("s"), Durability.IMMEDIATE))).isOne();
        assertDurable(wal.stream("s"));
        assertNotDurable(wal.stream("t"));
    }

    @Test
    void appendBatch_immediate_flushesOnce() {
        StreamWal wal = open();
        List<WriteEntry> entries = List.of(WriteEntry.of(bytes("1")), WriteEntry.of(bytes("2")), WriteEntry.of(bytes("3")));
        assertThat(flushes(wal, () -> wal.stream("s").appendBatch(entries, Durability.IMMEDIATE))).isOne();
        assertDurable(wal.stream("s"));
        assertThat(flushes(wal, () -> wal.stream("s").appendBatch(entries))).isZero();
    }

    @Test
    void writeBatch_ofManyStreams_flushesOnceForAllThatAreImmediate() {
        StreamWal wal = open(options().ownSegments(100).streams("d/*", StreamOptions.builder().durability(Durability.IMMEDIATE).build()));
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 100; i++) {
            batch.add((i % 2 == 0 ? "d/" : "b/") + i, WriteEntry.of(bytes("x")));
        }
        assertThat(flushes(wal, () -> wal.append(batch))).isOne();
        for (int i = 0; i < 100; i += 2) {
            assertDurable(wal.stream("d/" + i));
            assertNotDurable(wal.stream("b/" + (i + 1)));
        }
        assertThat(flushes(wal, () -> wal.append(batch, Durability.IMMEDIATE))).isOne();
        assertDurable(wal.stream("b/1"));
        assertThat(flushes(wal, () -> wal.append(batch, Durability.BUFFERED))).isZero();
        assertNotDurable(wal.stream("d/0"));
    }

    @Test
    void append_periodic_isFlushedByItself() {
        StreamWal wal = open(options().durability(Durability.PERIODIC).flushInterval(Duration.ofMillis(1)));
        for (int i = 0; i < 3; i++) {
            appendSome(wal.stream("s" + i), 3);
        }
        for (int i = 0; i < 3; i++) {
            WalStream stream = wal.stream("s" + i);
            await("the interval's flush", () -> stream.durablePosition() == stream.endPosition());
        }
    }

    @Test
    void append_periodicToManyStreams_sharesAFlush() {
        StreamWal wal = openWithoutThreads();
        for (int i = 0; i < 100; i++) {
            append(wal.stream("s" + i % 50), Durability.PERIODIC);
        }
        assertThat(flushes(wal, wal::runBackground)).isOne();
        assertDurable(wal.stream("s0"));
        assertThat(flushes(wal, wal::runBackground)).as("nothing was appended").isZero();
    }

    @Test
    void append_immediateAcrossRotations_isDurable() {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE));
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            written.addAll(appendSome(wal.stream("s"), 30, 700));
            assertDurable(wal.stream("s"));
            clock.advance(WINDOW);
        }
        assertHoldsEverywhere(wal, "s", written);
    }

    // ---------------------------------------------------------------- asynchronously

    @Test
    void appendAsync_completed_isDurable() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<CompletableFuture<EntryRef>> futures = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            futures.add(stream.appendAsync(WriteEntry.of(bytes(20, i))));
        }
        long end = 0;
        for (CompletableFuture<EntryRef> future : futures) {
            EntryRef ref = future.join();
            assertThat(ref.position()).isGreaterThanOrEqualTo(end);
            assertThat(stream.durablePosition()).isGreaterThanOrEqualTo(ref.end());
            end = ref.end();
        }
    }

    @Test
    void appendAsync_batchOfManyStreams_isDurableWhenCompletedAndItsBuffersAreFreeAtOnce() {
        StreamWal wal = open(options().streams("shared/*", StreamOptions.builder().segments(Segments.SHARED).build()));
        List<String> keys = List.of("own/1", "shared/1", "shared/2", "own/1", "own/2", "shared/1");
        WriteBatch batch = new WriteBatch();
        List<byte[]> contents = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            contents.add(bytes(20, i));
            batch.add(keys.get(i), WriteEntry.of(contents.get(i)));
        }
        CompletableFuture<List<EntryRef>> future = wal.appendAsync(batch);
        contents.forEach(content -> Arrays.fill(content, (byte) 0));
        batch.clear();
        List<EntryRef> refs = future.join();
        assertThat(refs).extracting(EntryRef::key).isEqualTo(keys);
        for (EntryRef ref : refs) {
            assertThat(wal.stream(ref.key()).durablePosition()).isGreaterThanOrEqualTo(ref.end());
        }
        try (EntryBatch read = readerOf(wal).readBatch(refs)) {
            for (int i = 0; i < keys.size(); i++) {
                assertThat(read.get(i).contentBytes()).isEqualTo(bytes(20, i));
            }
        }
    }

    @Test
    void appendAsync_emptyBatch_isCompleteAtOnce() {
        assertThat(open().appendAsync(new WriteBatch())).isCompletedWithValue(List.of());
    }

    @Test
    void appendAsync_batchThatIsRefused_throwsAtTheCallAndAppendsNothing() {
        StreamWal wal = open();
        WriteBatch batch = new WriteBatch().add("a", WriteEntry.of(bytes("x"))).add("b", WriteEntry.of(new byte[65_536], bytes("x"), NOW));
        assertThatThrownBy(() -> wal.appendAsync(batch)).isInstanceOf(HeaderTooLargeException.class);
        assertThatThrownBy(() -> wal.appendAsync(null)).isInstanceOf(NullPointerException.class);
        assertThat(wal.keys()).isEmpty();
    }

    @Test
    void appendAsync_moreBatchesThanMayBeUnanswered_helpToCommit() {
        StreamWal wal = open(options().segmentBytes(16 << 20), JournalSizes.DEFAULT, false);
        AtomicInteger completed = new AtomicInteger();
        WriteBatch batch = new WriteBatch().add("a", WriteEntry.of(new byte[8])).add("b", WriteEntry.of(new byte[8]));
        // each is unanswered twice, once a stream
        int most = (1 << 16) / 2;
        for (int i = 0; i < most; i++) {
            wal.appendAsync(batch).thenRun(completed::incrementAndGet);
        }
        assertThat(completed).hasValue(0);
        int all = most + 1_000;
        for (int i = most; i < all; i++) {
            wal.appendAsync(batch).thenRun(completed::incrementAndGet);
        }
        assertThat(completed).hasPositiveValue();
        wal.runBackground();
        assertThat(completed).hasValue(all);
        assertDurable(wal.stream("a"));
        assertDurable(wal.stream("b"));
    }

    @Test
    void appendAsync_executorOfTheProgram_runsTheContinuations() {
        ConcurrentLinkedQueue<Runnable> handedOver = new ConcurrentLinkedQueue<>();
        StreamWal wal = open(options().completionExecutor(handedOver::add));
        CompletableFuture<EntryRef> future = wal.stream("s").appendAsync(WriteEntry.of(bytes("x")));
        await("the completion", () -> !handedOver.isEmpty());
        assertThat(future).isNotDone();
        handedOver.remove().run();
        assertThat(future).isCompleted();
    }

    @Test
    void appendAsync_executorRefuses_completesAllTheSame() {
        StreamWal wal = open(options().completionExecutor(command -> {
            throw new RejectedExecutionException("made to refuse");
        }));
        wal.stream("s").appendAsync(WriteEntry.of(bytes("x"))).join();
        wal.syncAsync().join();
        append(wal.stream("s"), Durability.IMMEDIATE);
    }

    @Test
    void appendAsync_executorBreaks_isAnsweredAllTheSame() {
        AtomicBoolean broken = new AtomicBoolean(true);
        StreamWal wal = open(options().completionExecutor(command -> {
            if (broken.getAndSet(false)) {
                throw new AssertionError("made to break, as where no thread can be started");
            }
            command.run();
        }));
        CompletableFuture<EntryRef> first = wal.stream("s").appendAsync(WriteEntry.of(bytes("x")));
        assertThat(first.join().position()).isZero();
        assertThat(broken).isFalse();
        assertThat(wal.stream("s").appendAsync(WriteEntry.of(bytes("x"))).join().position()).isPositive();
    }

    @Test
    void appendAsync_moreThanMayBeUnanswered_helpsToCommit() {
        StreamWal wal = open(options().segmentBytes(16 << 20), JournalSizes.DEFAULT, false);
        AtomicInteger completed = new AtomicInteger();
        int most = 1 << 16;
        WalStream stream = wal.stream("s");
        for (int i = 0; i < most; i++) {
            stream.appendAsync(WriteEntry.of(new byte[8])).thenRun(completed::incrementAndGet);
        }
        assertThat(completed).hasValue(0);
        for (int i = 0; i < 70_000 - most; i++) {
            stream.appendAsync(WriteEntry.of(new byte[8])).thenRun(completed::incrementAndGet);
        }
        assertThat(completed).hasValueGreaterThan(most);
        wal.runBackground();
        assertThat(completed).hasValue(70_000);
        assertDurable(stream);
    }

    @Test
    void appendAsync_continuationAppendsDurably_returns() {
        StreamWal wal = open();
        List<CompletableFuture<Void>> chains = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            WalStream stream = wal.stream("s" + i % 3);
            chains.add(stream.appendAsync(WriteEntry.of(bytes("1")))
                    .thenCompose(ref -> {
                        append(stream, Durability.IMMEDIATE);
                        return stream.appendAsync(WriteEntry.of(bytes("3")));
                    }).thenAccept(ref -> append(wal.stream("other"), Durability.IMMEDIATE)));
        }
        chains.forEach(CompletableFuture::join);
        for (WalStream stream : List.of(wal.stream("s0"), wal.stream("s1"), wal.stream("s2"), wal.stream("other"))) {
            assertDurable(stream);
        }
        assertThat(wal.stats().appends()).isEqualTo(200);
    }

    /** Hung on an append, and run by one of the log's threads: what is hung on a future that is complete runs at once, and is tried again. */
    private static <T> CompletableFuture<T> hang(WalStream stream, Function<EntryRef, T> continuation) {
        Thread self = Thread.currentThread();
        while (true) {
            AtomicBoolean atOnce = new AtomicBoolean();
            CompletableFuture<T> hung = stream.appendAsync(WriteEntry.of(bytes("x"))).thenApply(ref -> {
                atOnce.set(Thread.currentThread().equals(self));
                return atOnce.get() ? null : continuation.apply(ref);
            });
            if (!atOnce.get()) {
                return hung;
            }
        }
    }

    /** What never ends until the test does, on all threads that the log has for it. */
    private CountDownLatch blockCompletions(StreamWal wal) {
        CountDownLatch end = closing(new EndOfTest()).reached;
        CountDownLatch begun = new CountDownLatch(CompletionThreads.MAX_THREADS);
        for (int i = 0; i < CompletionThreads.MAX_THREADS; i++) {
            CompletableFuture<Boolean> unused = hang(wal.stream("blocked"), ref -> {
                begun.countDown();
                awaitUninterruptibly(end);
                return true;
            });
        }
        awaitUninterruptibly(begun);
        return end;
    }

    private static final class EndOfTest implements AutoCloseable {
        private final CountDownLatch reached = new CountDownLatch(1);

        @Override
        public void close() {
            reached.countDown();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void appendAsync_continuationsRunOnThreadsOfTheirOwn() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<CompletableFuture<String>> ranOn = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            ranOn.add(hang(stream, ref -> Thread.currentThread().getName()));
            // leads, and answers the other
            append(stream, Durability.IMMEDIATE);
        }
        assertThat(ranOn).allSatisfy(name -> assertThat(name.join()).startsWith("stream-wal-complete-"));
    }

    @Test
    void appendAsync_moreContinuationsWaitForOthersThanThereAreThreads_noneHangs() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<CompletableFuture<EntryRef>> chains = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(1);
        for (int i = 0; i < 5 * CompletionThreads.MAX_THREADS; i++) {
            chains.add(hang(stream, ref -> {
                awaitUninterruptibly(all);
                EntryRef second = stream.appendAsync(WriteEntry.of(bytes("2"))).join();
                wal.syncAsync().join();
                return second;
            }));
        }
        all.countDown();
        for (CompletableFuture<EntryRef> chain : chains) {
            long end = chain.join().end();
            assertThat(stream.durablePosition()).isGreaterThanOrEqualTo(end);
        }
    }

    @Test
    void appendAsync_continuationsNeverEnd_nobodyElseWaits() throws Exception {
        StreamWal wal = open(options().flushInterval(Duration.ofMillis(1)));
        CountDownLatch end = blockCompletions(wal);
        append(wal.stream("immediate"), Durability.IMMEDIATE);
        assertDurable(wal.stream("immediate"));
        append(wal.stream("periodic"), Durability.PERIODIC);
        await("the interval's flush", () -> wal.stream("periodic").durablePosition() == wal.stream("periodic").endPosition());
        assertThat(wal.stream("s").appendAsync(WriteEntry.of(bytes("x"))).join().position()).isZero();
        assertThat(wal.stream("s").appendAsync(WriteEntry.of(bytes("x"))).get().position()).isPositive();
        assertThat(wal.stream("s").appendAsync(WriteEntry.of(bytes("x"))).get(1, TimeUnit.DAYS).position()).isPositive();
        wal.syncAsync().join();
        end.countDown();
    }

    @Test
    void appendAsync_moreThanMayBeUnansweredAndContinuationsNeverEnd_waitsForItsOwn() {
        StreamWal wal = open(options().segmentBytes(16 << 20));
        CountDownLatch end = blockCompletions(wal);
        WalStream stream = wal.stream("s");
        int places = GroupCommitter.MAX_UNANSWERED - CompletionThreads.MAX_THREADS;
        List<CompletableFuture<EntryRef>> unanswered = new ArrayList<>();
        for (int i = 0; i < places + 100; i++) {
            CompletableFuture<EntryRef> future = stream.appendAsync(WriteEntry.of(new byte[8]));
            if (i < places) {
                assertThat(future).as("behind those that never end").isNotDone();
                unanswered.add(future);
            } else {
                assertThat(future).as("waited for its own").isCompleted();
                assertDurable(stream);
            }
        }
        end.countDown();
        unanswered.forEach(CompletableFuture::join);
    }

    @Test
    void appendAsync_completedByTheProgram_isWhatItSays() {
        StreamWal wal = openWithoutThreads();
        CompletableFuture<EntryRef> cancelled = wal.stream("s").appendAsync(WriteEntry.of(bytes("x")));
        CompletableFuture<EntryRef> failed = wal.stream("s").appendAsync(WriteEntry.of(bytes("x")));
        CompletableFuture<EntryRef> completed = wal.stream("s").appendAsync(WriteEntry.of(bytes("x")));
        EntryRef ref = new EntryRef("other", 1, 40);
        assertThat(cancelled.cancel(true)).isTrue();
        assertThat(failed.completeExceptionally(new IllegalStateException("the program's"))).isTrue();
        assertThat(completed.complete(ref)).isTrue();
        assertThatThrownBy(cancelled::join).isInstanceOf(CancellationException.class);
        assertThatThrownBy(failed::join).hasRootCauseMessage("the program's");
        assertThat(completed.join()).isEqualTo(ref);
        wal.runBackground();
        assertThat(completed.join()).isEqualTo(ref);
    }

    @Test
    void close_byAContinuation_closesTheLog() {
        StreamWal wal = open();
        hang(wal.stream("s"), ref -> {
            wal.close();
            return true;
        }).join();
        assertThatThrownBy(wal::sync).isInstanceOf(WalClosedException.class);
    }

    @Test
    void close_byContinuationsAndByOthers_returnsToAll() {
        StreamWal wal = open();
        List<CompletableFuture<Boolean>> closed = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(1);
        for (int i = 0; i < 3; i++) {
            closed.add(hang(wal.stream("s"), ref -> {
                awaitUninterruptibly(all);
                wal.close();
                return true;
            }));
        }
        all.countDown();
        wal.close();
        closed.forEach(CompletableFuture::join);
    }

    @Test
    void appendAsync_logIsClosed_isAnswered() {
        StreamWal wal = open();
        List<CompletableFuture<EntryRef>> futures = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            futures.add(wal.stream("s").appendAsync(WriteEntry.of(bytes("x"))));
        }
        wal.close();
        assertThat(futures).allMatch(future -> future.isDone() && !future.isCompletedExceptionally());
    }

    // ---------------------------------------------------------------- sync

    @Test
    void sync_ofOneStream_forcesItsFileAndMakesNoJournal() {
        StreamWal wal = open();
        appendSome(wal.stream("s"), MANY);
        appendSome(wal.stream("t"), 1);
        wal.stream("s").sync();
        assertDurable(wal.stream("s"));
        assertNotDurable(wal.stream("t"));
        assertThat(root.resolve("commit")).doesNotExist();
        assertThat(flushes(wal, () -> wal.stream("s").sync())).as("durable already").isZero();
        wal.stream("never appended to").sync();
        assertThat(wal.keys()).hasSize(2);
    }

    @Test
    void sync_ofTheLog_makesAJournalForManyStreams() {
        StreamWal wal = open();
        appendSome(wal.stream("s0"), 3);
        wal.sync();
        assertThat(root.resolve("commit")).doesNotExist();
        for (int i = 0; i < 50; i++) {
            appendSome(wal.stream("s" + i), 3);
        }
        assertThat(flushes(wal, wal::sync)).isOne();
        assertThat(journal()).hasSize(1);
        for (int i = 0; i < 50; i++) {
            assertDurable(wal.stream("s" + i));
        }
        assertThat(flushes(wal, wal::sync)).isZero();
    }

    @Test
    void syncAsync_completed_allIsDurable() {
        StreamWal wal = open();
        for (int i = 0; i < 20; i++) {
            appendSome(wal.stream("s" + i), 3);
        }
        wal.syncAsync().join();
        for (int i = 0; i < 20; i++) {
            assertDurable(wal.stream("s" + i));
        }
        wal.syncAsync().join();
    }

    @Test
    void sync_streamOfAnEarlierWriter_bringsItInOrderFirst() {
        try (StreamWal wal = open()) {
            appendSome(wal.stream("s"), 3);
        }
        StreamWal wal = open();
        wal.stream("s").sync();
        assertDurable(wal.stream("s"));
    }

    @Test
    void sync_someStreamsFoldersWereRemoved_theOthersAreDurableAndTheLogGoesOn() throws IOException {
        expectFailures();
        StreamWal wal = open();
        List<String> gone = List.of("small", "large", "another");
        gone.forEach(key -> appendSome(wal.stream(key), 1));
        Map<String, List<Written>> others = new TreeMap<>();
        for (int i = 0; i < 15; i++) {
            others.computeIfAbsent("o" + i % 5, key -> new ArrayList<>()).addAll(appendSome(wal.stream("o" + i % 5), 1));
        }
        appendSome(wal.stream("large"), 40);
        for (String key : gone) {
            Path folder = wal.stream(key).log().directory();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
        wal.sync();
        clock.advance(WINDOW);
        for (String key : gone) {
            appendSome(wal.stream(key), 1);
        }
        others.get("o1").addAll(appendSome(wal.stream("o1"), 1));
        wal.sync();
        append(wal.stream("other"), Durability.IMMEDIATE);
        wal.sweep();
        others.keySet().forEach(key -> assertDurable(wal.stream(key)));
        gone.forEach(key -> assertDurable(wal.stream(key)));
        await("it is told", () -> heard().failures.stream().anyMatch(failure -> failure.task().equals("find a segment")));
        wal.close();
        StreamWal again = open();
        others.forEach((key, records) -> assertHoldsNow(again, key, records));
    }

    // ---------------------------------------------------------------- long forces

    /** In a thread of its own: an append that waits for the force ignores interrupts, and would wait for the end of the test. */
    @Test
    @Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void append_anotherStreamsSegmentIsBeingForcedToBeSealed_doesNotWait() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch letGo = closing(new EndOfTest()).reached;
        WalOptions built = options().build();
        Environment machine = Environment.ofThisMachine(built.storage().kind());
        WatchedStorages storages = new WatchedStorages(built.storage().kind(), (operation, path) -> {
            if (operation.equals("force") && path.toString().contains("big")) {
                begun.countDown();
                awaitUninterruptibly(letGo);
            }
        });
        StreamWal wal = closing(StreamWal.open(root, built,
                new Environment(THIS_BOOT, storages, machine.salts(), true, JournalSizes.DEFAULT)));
        append(wal.stream("small"), Durability.IMMEDIATE);
        appendSome(wal.stream("big"), 3);
        clock.advance(WINDOW);
        // buffered, and so the sealer's, before any commit can ask for it
        appendSome(wal.stream("big"), 1);
        begun.await();
        CompletableFuture<EntryRef> big = wal.stream("big").appendAsync(WriteEntry.of(bytes("x")));
        for (int i = 0; i < 20; i++) {
            append(wal.stream("small"), Durability.IMMEDIATE);
        }
        CompletableFuture<EntryRef> more = wal.stream("big").appendAsync(WriteEntry.of(bytes("x")));
        append(wal.stream("small"), Durability.IMMEDIATE);
        assertThat(big).isNotDone();
        assertThat(more).isNotDone();
        letGo.countDown();
        big.join();
        more.join();
        assertDurable(wal.stream("big"));
    }

    // ---------------------------------------------------------------- interrupts

    @Test
    void append_interrupted_isDurableAndKeepsTheFlag() {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE));
        WalStream stream = wal.stream("s");
        for (int i = 0; i < 50; i++) {
            Thread.currentThread().interrupt();
            appendSome(stream, 1, 700);
            stream.appendAsync(WriteEntry.of(bytes("x")));
            stream.sync();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            assertDurable(stream);
        }
        Thread.interrupted();
    }

    @Test
    void append_interruptedAllTheTime_isDurable() throws InterruptedException {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE));
        Thread appending = Thread.currentThread();
        AtomicBoolean done = new AtomicBoolean();
        Thread storm = new Thread(() -> {
            while (!done.get()) {
                appending.interrupt();
                Thread.onSpinWait();
            }
        });
        storm.start();
        List<Written> written = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                written.addAll(appendSome(wal.stream("s"), 1));
            }
        } finally {
            done.set(true);
            while (storm.isAlive()) {
                Thread.interrupted();
                Thread.onSpinWait();
            }
            Thread.interrupted();
        }
        assertDurable(wal.stream("s"));
        assertHoldsEverywhere(wal, "s", written);
    }

    // ---------------------------------------------------------------- the journal's files

    @Test
    void journal_full_isCheckpointedAndItsFilesAreUsedAgain() {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE), SMALL_JOURNAL, true);
        List<Written> written = new ArrayList<>();
        int most = 0;
        for (int i = 0; i < 200; i++) {
            written.addAll(appendSome(wal.stream("s"), 1, 2_000));
            most = Math.max(most, journal().size());
        }
        assertThat(most).isBetween(2, 8);
        await("surplus files go", () -> {
            append(wal.stream("other"), Durability.IMMEDIATE);
            return journal().size() <= 4;
        });
        assertHoldsNow(wal, "s", written);
        wal.close();
        StreamWal reopened = open(options(), NEXT_BOOT);
        assertHoldsNow(reopened, "s", written);
    }

    @Test
    void journal_ofAnEarlierWriter_isGoneOnWith() {
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            try (StreamWal wal = open(options().durability(Durability.IMMEDIATE), SMALL_JOURNAL, i % 2 == 0)) {
                written.addAll(appendSome(wal.stream("s"), 15, 1_000));
                assertDurable(wal.stream("s"));
                assertThat(journal().size()).isLessThan(8);
            }
        }
        assertHoldsEverywhere(open(), "s", written);
    }

    @Test
    void close_afterDurableAppends_leavesNoThreadAndRefusesMore() {
        StreamWal wal = open(options().durability(Durability.IMMEDIATE).flushInterval(Duration.ofMillis(1)), SMALL_JOURNAL, true);
        append(wal.stream("s"), Durability.PERIODIC);
        appendSome(wal.stream("s"), 50, 2_000);
        WalStream stream = wal.stream("s");
        wal.close();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                .doesNotContain("stream-wal-commit", "stream-wal-checkpoint");
        assertThatThrownBy(() -> append(stream, Durability.IMMEDIATE)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> stream.appendAsync(WriteEntry.of(bytes("x")))).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(wal::sync).isInstanceOf(WalClosedException.class);
    }
}
