package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Command.Append;
import dev.streamwal.reader.EntryRef;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What hangs on the futures of appends may append, wait for that, take long and close: the accounting of answers never waits for it. */
@Timeout(300)
class CallbackTest {

    private static final int ROUNDS = 500;
    private static final int MOST = 8;
    /** A record a request, and one request under way: whoever appends two more waits for an answer. */
    private static final Batching ONE_BY_ONE = new Batching(Duration.ZERO, 1, 1 << 10, 1);

    private final ScheduledThreadPoolExecutor timer = NamedThreads.one("timer");
    private final ScheduledThreadPoolExecutor answers = NamedThreads.thatFinishes("answers");
    private final ScheduledThreadPoolExecutor callbacks = NamedThreads.thatFinishes("callbacks");
    private final Completions completions = new Completions(callbacks, MOST);
    private final CountDownLatch isReleased = new CountDownLatch(1);
    private final CompletableFuture<Boolean> shardRuns = new CompletableFuture<>();
    private final Batcher batcher = new Batcher(command -> shardRuns.thenApply(any -> answer(command)), "client", ONE_BY_ONE, timer, answers, completions);

    @AfterEach
    void stop() {
        isReleased.countDown();
        timer.shutdownNow();
        answers.shutdownNow();
        callbacks.shutdownNow();
    }

    /** A shard that takes everything at once. */
    private static byte[] answer(byte[] command) {
        try {
            Append append = (Append) Command.decode(new DataInputStream(new ByteArrayInputStream(command)));
            return AppendAnswer.all(append.streams().size(), new Appended(append.sequence(), List.of())).encode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private CompletableFuture<EntryRef> append() {
        return batcher.append("key", WriteEntry.of(new byte[1]));
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(300, TimeUnit.SECONDS);
    }

    /** On a future that is complete behind this: so it never runs in the test's thread. */
    private CompletableFuture<Void> callbackThatWaits() {
        Answer<String> answered = new Answer<>(false);
        CompletableFuture<Void> waits = answered.thenRun(this::awaitRelease);
        answered.set("value", null);
        completions.deliver(List.of(answered));
        return waits;
    }

    private void awaitRelease() {
        try {
            isReleased.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void append_byCallbacks_ofTwoThreads_goesOn() throws Exception {
        shardRuns.complete(true);
        AtomicInteger first = new AtomicInteger();
        AtomicInteger second = new AtomicInteger();
        List<CompletableFuture<List<CompletableFuture<Integer>>>> threads = new ArrayList<>();
        for (int thread = 0; thread < 2; thread++) {
            CompletableFuture<List<CompletableFuture<Integer>>> ended = new CompletableFuture<>();
            threads.add(ended);
            Thread appending = new Thread(() -> {
                List<CompletableFuture<Integer>> chains = new ArrayList<>();
                for (int i = 0; i < ROUNDS; i++) {
                    chains.add(append().thenCompose(ref -> {
                        first.incrementAndGet();
                        return append();
                    }).thenApply(ref -> second.incrementAndGet()));
                }
                ended.complete(chains);
            });
            appending.setDaemon(true);
            appending.start();
        }
        for (CompletableFuture<List<CompletableFuture<Integer>>> each : threads) {
            for (CompletableFuture<Integer> chain : get(each)) {
                int unused = get(chain);
            }
        }
        assertThat(first).hasValue(2 * ROUNDS);
        assertThat(second).hasValue(2 * ROUNDS);
    }

    @Test
    void append_ofMoreThanThereIsRoomFor_byACallback_goesOn() throws Exception {
        List<CompletableFuture<EntryRef>> more = new ArrayList<>();
        CompletableFuture<Void> appended = append().thenRun(() -> {
            for (int i = 0; i < 10; i++) {
                more.add(append());
            }
        });
        shardRuns.complete(true);
        get(appended);
        for (CompletableFuture<EntryRef> each : more) {
            assertThat(get(each).key()).isEqualTo("key");
        }
    }

    @Test
    void get_ofAnotherAppend_byACallback_isAnswered() throws Exception {
        CompletableFuture<List<EntryRef>> joined = append().thenApply(ref -> List.of(append().join(), append().join()));
        shardRuns.complete(true);
        assertThat(get(joined)).hasSize(2);
    }

    @Test
    void append_whileCallbacksAreBehind_isCompleteWhenItReturns_andNothingMoreWaits() throws Exception {
        shardRuns.complete(true);
        CompletableFuture<Void> waits = callbackThatWaits();
        for (int i = 0; i < MOST; i++) {
            EntryRef unused = get(append()); // known, and behind the callback that waits
        }
        for (int i = 0; i < ROUNDS; i++) {
            assertThat(append()).isCompleted();
        }
        assertThat(callbacks.getQueue().size()).isLessThanOrEqualTo(MOST);
        Thread.currentThread().interrupt();
        assertThatThrownBy(this::append).isInstanceOf(ReplicationException.class).hasMessageContaining("callbacks are behind: key=key")
                .hasMessageContaining("nothing was appended");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(waits).isNotDone();
        isReleased.countDown();
        get(waits);
    }

    @Test
    void awaitIfHeld_byAThreadThatIsInterrupted_leavesTheFutureToTheThreadForCallbacks() throws Exception {
        Answer<String> answer = new Answer<>(true);
        Thread.currentThread().interrupt();
        answer.awaitIfHeld();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(answer).isNotDone();
        CompletableFuture<Boolean> isCallback = answer.thenApply(value -> completions.isCurrent());
        answer.set("value", null);
        completions.deliver(List.of(answer));
        assertThat(get(isCallback)).isTrue();
        assertThat(get(answer)).isEqualTo("value");
    }

    @Test
    void close_whileACallbackTakesLong_waitsForAnswersOnly_andFailsNothing() throws Exception {
        shardRuns.complete(true);
        CompletableFuture<Void> waits = callbackThatWaits();
        List<CompletableFuture<EntryRef>> behind = List.of(append(), append());
        batcher.close();
        batcher.awaitAnswers(TimeUnit.SECONDS.toNanos(60));
        batcher.failUnanswered();
        assertThat(waits).isNotDone();
        isReleased.countDown();
        for (CompletableFuture<EntryRef> each : behind) {
            assertThat(get(each).key()).isEqualTo("key");
        }
    }

    @Test
    void get_inTime_ofWhatIsNotAnswered_endsWithoutAnAnswer() {
        assertThatThrownBy(() -> new Answer<>(false).get(1, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
    }
}
