package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Forgotten;
import dev.streamwal.ratis.wire.AppendAnswer.Part;
import dev.streamwal.ratis.wire.AppendAnswer.TooEarly;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Command.Append;
import dev.streamwal.reader.EntryRef;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.Test;

/**
 * Requests overtake each other, come twice, and are given up though they come later: a client's records stand in the order of its appends all the same, each
 * once, and where it was told. Everything happens in one thread, in an order that a seed gives.
 */
class BatcherTest {

    private static final int SEEDS = 500;
    private static final int APPENDS = 60;
    private static final int IN_FLIGHT = 8;

    /** What Ratis does in between, and a shard behind it, in as few words as there are. */
    private static final class Network implements Batcher.Sender {
        private record Call(byte[] command, CompletableFuture<byte[]> answer) {}

        private final Random random;
        private final List<Call> underWay = new ArrayList<>();
        private final List<byte[]> givenUp = new ArrayList<>();
        private final Map<Long, Part> answered = new HashMap<>();
        private final List<Long> records = new ArrayList<>();
        private long last = Append.NONE;
        private int tooEarly;

        Network(Random random) {
            this.random = random;
        }

        @Override
        public CompletableFuture<byte[]> send(byte[] command) {
            Call call = new Call(command, new CompletableFuture<>());
            underWay.add(call);
            return call.answer();
        }

        private byte[] apply(byte[] command) {
            try {
                Append append = (Append) Command.decode(new DataInputStream(new ByteArrayInputStream(command)));
                Part part = answered.get(append.sequence());
                if (part == null) {
                    part = append.sequence() <= last ? new Forgotten() : append.after() >= 0 && last < append.after() ? new TooEarly() : take(append);
                }
                return AppendAnswer.all(1, part).encode();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Part take(Append append) {
            last = append.sequence();
            Part part = new Appended(records.size(), List.of());
            records.add(append.streams().get(0).entries().get(0).content().getLong(0));
            answered.put(last, part);
            return part;
        }

        void happen(boolean mayGiveUp) {
            if (underWay.isEmpty()) {
                return;
            }
            int kind = random.nextInt(20);
            if (kind == 0 && !givenUp.isEmpty()) {
                apply(givenUp.remove(random.nextInt(givenUp.size())));
            } else if (kind == 1 && mayGiveUp) {
                Call call = underWay.remove(random.nextInt(underWay.size()));
                givenUp.add(call.command());
                call.answer().completeExceptionally(new IOException("no leader"));
            } else if (kind < 5) {
                apply(underWay.get(random.nextInt(underWay.size())).command()); // and the answer is lost
            } else {
                Call call = underWay.remove(kind < 10 ? random.nextInt(underWay.size()) : 0);
                byte[] answer = apply(call.command());
                tooEarly += answer.length > 0 && decoded(answer).isTooEarly() ? 1 : 0;
                call.answer().complete(answer);
            }
        }

        private static AppendAnswer decoded(byte[] answer) {
            try {
                return AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private int run(int seed, boolean mayGiveUp) {
        Random random = new Random(seed);
        Network network = new Network(random);
        ScheduledThreadPoolExecutor timer = NamedThreads.one("timer");
        Batcher batcher = new Batcher(network, "client", new Batching(Duration.ZERO, 1, 1 << 10, IN_FLIGHT), timer, Runnable::run,
                new Completions(Runnable::run));
        Map<Long, CompletableFuture<EntryRef>> refs = new TreeMap<>();
        while (refs.size() < APPENDS || refs.values().stream().anyMatch(ref -> !ref.isDone())) {
            long unanswered = refs.values().stream().filter(ref -> !ref.isDone()).count();
            if (refs.size() < APPENDS && unanswered < IN_FLIGHT && random.nextBoolean()) {
                long number = refs.size();
                refs.put(number, batcher.append("key", WriteEntry.of(ByteBuffer.allocate(8).putLong(0, number).array())));
            } else {
                network.happen(mayGiveUp);
            }
        }
        batcher.close();
        timer.shutdownNow();
        network.givenUp.forEach(network::apply);
        assertThat(network.records).as("seed=" + seed).isSorted().doesNotHaveDuplicates();
        refs.forEach((number, ref) -> {
            if (!ref.isCompletedExceptionally()) {
                assertThat(network.records.get((int) ref.join().position())).as("seed=" + seed).isEqualTo(number);
            }
        });
        if (!mayGiveUp) {
            assertThat(network.records).as("seed=" + seed).hasSize(APPENDS);
            assertThat(refs.values()).as("seed=" + seed).noneMatch(CompletableFuture::isCompletedExceptionally);
        }
        return network.tooEarly;
    }

    @Test
    void records_standInTheOrderOfTheirAppends_thoughRequestsOvertakeEachOther() {
        int tooEarly = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            tooEarly += run(seed, false);
        }
        assertThat(tooEarly).as("requests that were sent again").isGreaterThan(SEEDS);
    }

    @Test
    void records_standInTheOrderOfTheirAppends_thoughSomeAreGivenUp_andComeLater() {
        for (int seed = 0; seed < SEEDS; seed++) {
            run(seed, true);
        }
    }

    @Test
    void close_withoutAnswers_failsWhatWasSent_andWhatWaited() throws Exception {
        Network network = new Network(new Random(0));
        ScheduledThreadPoolExecutor timer = NamedThreads.one("timer");
        Batcher batcher = new Batcher(network, "client", new Batching(Duration.ofSeconds(10), 2, 1 << 10, 2), timer, Runnable::run,
                new Completions(Runnable::run));
        List<CompletableFuture<EntryRef>> refs = new ArrayList<>();
        for (int i = 0; i < 5; i++) { // two requests of two, which have no answer, and one record that waits
            refs.add(batcher.append("key", WriteEntry.of(new byte[8])));
        }
        batcher.close();
        batcher.awaitAnswers(1);
        assertThat(refs).noneMatch(CompletableFuture::isDone);
        batcher.failUnanswered();
        timer.shutdownNow();
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(refs.get(i)::get).hasCauseInstanceOf(ReplicationException.class)
                    .hasMessageContaining(i < 4 ? "may have happened or not: key=key" : "client is closed: key=key; nothing was appended");
        }
        network.underWay.forEach(call -> call.answer().complete(network.apply(call.command())));
        assertThat(network.records).as("they happened, and the answers came too late").hasSize(2);
    }

    /** A request of which a later one's answer is forgotten: it may never have come before. */
    @Test
    void append_thatIsForgotten_failsWithoutSayingThatItWasApplied() throws Exception {
        ScheduledThreadPoolExecutor timer = NamedThreads.one("timer");
        byte[] forgotten = AppendAnswer.all(1, new Forgotten()).encode();
        Batcher batcher = new Batcher(command -> CompletableFuture.completedFuture(forgotten), "client", new Batching(Duration.ZERO, 1, 1, 1), timer,
                Runnable::run, new Completions(Runnable::run));
        CompletableFuture<EntryRef> ref = batcher.append("key", WriteEntry.of(new byte[1]));
        timer.shutdownNow();
        assertThatThrownBy(ref::get).hasCauseInstanceOf(ReplicationException.class)
                .hasMessageContaining("append wasn't applied, and an earlier attempt may have been: key=key");
    }

    @Test
    void request_ofLongKeys_staysBelowWhatAReplicaTakes() throws Exception {
        ScheduledThreadPoolExecutor timer = NamedThreads.one("timer");
        List<byte[]> sent = new ArrayList<>();
        Batcher batcher = new Batcher(command -> {
            sent.add(command);
            return new CompletableFuture<>();
        }, "client", new Batching(Duration.ofSeconds(10), Batching.MAX_RECORDS, Batching.MAX_BYTES, 2), timer, Runnable::run, new Completions(Runnable::run));
        String rest = "東".repeat(339); // of 1,024 bytes, with a number
        for (int i = 0; sent.isEmpty(); i++) {
            var unused = batcher.append("%07d".formatted(i) + rest, WriteEntry.of(new byte[1]));
        }
        timer.shutdownNow();
        assertThat(sent.get(0).length).isBetween(Batching.MAX_BYTES, Command.MAX_BYTES);
    }
}
